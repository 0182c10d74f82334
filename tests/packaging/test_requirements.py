"""The table of system packages and the locked Python packages: complete, and free of any place."""

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from packaging.requirements import Requirement
from tests.support.privilege import require

CHECKOUT = Path(__file__).parents[2]
REQUIREMENTS = CHECKOUT / "packaging/requirements"
EVERYWHERE = {
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "libstdc++.so.6",
    "libz.so.1",
    "libzstd.so.1",
    "libpthread.so.0",
    "libdl.so.2",
}
"""Libraries that every base system with a python3 has, or that come with the compiler."""


def table() -> list[list[str]]:
    """The rows of system-packages.txt, field by field."""
    lines = (CHECKOUT / "packaging/system-packages.txt").read_text().splitlines()
    return [[field.strip() for field in line.split("|")] for line in lines if line and not line.startswith("#")]


def locked(name: str) -> dict[str, str]:
    """Versions by package of a locked file."""
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    return {canonicalize_name(package): version for package, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)}


def test_the_table_is_well_formed() -> None:
    """Six fields, known words, a package for every manager and a reason."""
    for row in table():
        when, probe, *packages, why = row
        assert when in {"build", "run", "test"}, row
        assert re.fullmatch(r"(command|library|header|python|font) \S+", probe), row
        assert len(packages) == 3, row
        assert all(packages), row
        assert why, row


def test_every_library_that_the_window_needs_has_a_row() -> None:
    """What Qt's own libraries and its X11 platform ask of the system, read from their ELF headers."""
    require(shutil.which("readelf"), "binutils' readelf is not installed")
    specification = importlib.util.find_spec("PySide6")
    assert specification is not None
    assert specification.origin is not None
    qt = Path(specification.origin).parent / "Qt"
    used = ["Core", "DBus", "Gui", "Svg", "Widgets", "XcbQpa"]
    files = [qt / "plugins/platforms/libqxcb.so", *(qt / f"lib/libQt6{name}.so.6" for name in used)]
    headers = subprocess.run(["readelf", "--dynamic", *files], check=True, capture_output=True, text=True).stdout
    needed = {name for name in re.findall(r"NEEDED.*\[(.*)\]", headers) if not name.startswith(("libQt6", "libicu"))}
    rows = {probe.removeprefix("library ") for when, probe, *_ in table() if when == "run"}
    assert len(needed) > 10
    assert needed - EVERYWHERE - rows == set()


@pytest.mark.parametrize("name", ["build", "run", "test"])
def test_locked_files_name_no_place_and_hash_everything(name: str) -> None:
    """Any index serves, and only the very files that were locked are taken."""
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    assert "://" not in text
    assert "--index" not in text
    for block in re.split(r"\n(?=[a-z])", text)[1:]:
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_every_dependency_is_locked() -> None:
    """pyproject.toml and the locked files agree; tests run against the versions that users run."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    run, test = locked("run"), locked("test")
    for text in project["dependencies"]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(run[canonicalize_name(requirement.name)]), f"{text}: run packaging/lock"
    for text in project["optional-dependencies"]["dev"]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(test[canonicalize_name(requirement.name)]), f"{text}: run packaging/lock"
    assert run.items() <= test.items()


def test_an_installed_copy_has_its_data(tmp_path: Path) -> None:
    """Every committed file of resources/ is in the wheel, and what polkit is to know."""
    source = tmp_path / "source"
    for name in ("core", "gui", "packaging", "resources"):
        shutil.copytree(CHECKOUT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, source)
    build = "from setuptools.build_meta import build_wheel; build_wheel('.')"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True, timeout=120)
    wheel = next(source.glob("*.whl"))
    shutil.unpack_archive(wheel, tmp_path / "installed", "zip")
    expected = {path.relative_to(source) for path in (source / "resources").rglob("*") if path.is_file()}
    missing = {path for path in expected if not (tmp_path / "installed" / path).is_file()}
    assert missing == set()
    assert list((tmp_path / "installed").glob("*.data/data/share/polkit-1/actions/org.gatescope.observer.policy"))
