"""The walls between the rooms: each contract of pyproject.toml holds, and breaks when its wall is broken."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]

PLANTED = {
    "core-knows-no-qt": {
        "core/policy/planted.py": "import PySide6.QtCore",
        "core/recording/planted.py": "import gui",
        "core/bpf/planted.py": "from pyqtgraph import PlotWidget",
    },
    "observer-stands-alone": {
        "core/observer/planted_judge.py": "from core.judge import verdict",
        "core/observer/planted_recording.py": "import core.recording",
        "core/observer/planted_new.py": "import core.planted",  # a module of core that the contract does not name
        "core/observer/planted_numpy.py": "import numpy",
        "core/observer/planted_pyarrow.py": "import pyarrow",
        "core/observer/planted_msgspec.py": "import msgspec",
    },
    "wire-is-a-leaf": {"core/observer/wire.py": "from core.observer import engine"},
    "judge-is-pure": {
        "core/judge/planted_recording.py": "import core.recording",
        "core/judge/planted_observer.py": "from core.observer import engine",
        "core/judge/planted_indirect.py": "import core.planted_behind",
    },
    "judge-does-no-io": {
        "core/judge/planted_process.py": "import subprocess",
        "core/judge/planted_clock.py": "from time import monotonic",
    },
}
"""Forbidden imports by the contract that must refuse them: the file that is planted, or added to, and the line."""

INNOCENT = {"core/planted.py": "", "core/planted_behind.py": "import core.recording"}
"""Files that break nothing themselves, for those above to import."""


def lint(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter over the packages in `checkout`, which come before the installed ones."""
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
        "--no-logo",
        "--no-cache",
        *arguments,
    ]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the packages and the contracts, to plant in."""
    for package in ("core", "gui"):
        shutil.copytree(CHECKOUT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_walls_stand() -> None:
    """All contracts are kept by the code as it is."""
    result = lint(CHECKOUT)
    assert result.returncode == 0, result.stdout


def test_every_contract_is_tried() -> None:
    """A contract that nothing below breaks may be one that cannot break."""
    contracts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == PLANTED.keys()


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_import_breaks_its_contract(contract: str, tree: Path) -> None:
    """Every forbidden import is found and named."""
    for path, line in (INNOCENT | PLANTED[contract]).items():
        with (tree / path).open("a") as file:
            file.write(f"\n{line}\n")
    result = lint(tree, "--contract", contract)
    assert result.returncode == 1
    assert "BROKEN" in result.stdout
    for path, line in PLANTED[contract].items():
        importer = path.removesuffix(".py").replace("/", ".")
        assert f"{importer} ->" in result.stdout, f"{line} in {path} went unnoticed:\n{result.stdout}"
