"""An ordinary user of this machine for the length of a test, with an installation of Gatescope that he can read and run."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support.privilege import require, require_root

SHARED_GROUP: Final = "users"
"""A group of every distribution that the user is put into beside his own."""

_CHECKOUT: Final = Path(__file__).parents[2]
_PACKAGES: Final = ("core", "gui", "resources")
_NOT_FOR_RUNNING: Final = ("PySide6", "shiboken6", "mypy*", "*mypyc*", "pip", "setuptools", "hypothesis", "ruff*", "__pycache__")
_COMMANDS: Final = {"gatescope": "core.cli", "gatescope-observer": "core.observer.__main__"}


@dataclass(frozen=True, slots=True)
class OrdinaryUser:
    """Somebody without privilege, at home in a folder of the test's."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    home: Path
    bin: Path
    """Where `python`, `gatescope` and `gatescope-observer` are that he can run."""

    @property
    def environment(self) -> dict[str, str]:
        path = f"{self.bin}:/usr/local/bin:/usr/bin:/bin"
        return {"HOME": str(self.home), "USER": self.name, "LOGNAME": self.name, "PATH": path, "LC_ALL": "C.UTF-8"}

    def popen(self, *command: str | Path, env: dict[str, str] | None = None, **options: Any) -> subprocess.Popen[bytes]:
        """Starts a command as he would from home, in a session of its own: without a terminal to ask him at. `env` is added to his."""
        return subprocess.Popen(
            [str(word) for word in command],
            **{"cwd": self.home, "start_new_session": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
            env={**self.environment, **(env or {})},
            **_identity(self.uid, self.gid, self.groups),
        )

    def run(self, *command: str | Path, data: bytes = b"", timeout: float = 30, **options: Any) -> subprocess.CompletedProcess[bytes]:
        """Runs a command to its end."""
        with self.popen(*command, stdin=subprocess.PIPE, **options) as process:
            try:
                out, err = process.communicate(data, timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def gatescope(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
        """Runs `gatescope` with these arguments."""
        return self.run(self.bin / "gatescope", *arguments, **options)


@contextlib.contextmanager
def ordinary_user() -> Iterator[OrdinaryUser]:
    """Makes the user, his home and the installation, and removes them."""
    require_root("an ordinary user is made for the test")
    require(shutil.which("useradd") and shutil.which("userdel"), "there is no useradd to make an ordinary user with")
    # Not in pytest's own folder, which nobody else may enter.
    with tempfile.TemporaryDirectory(prefix="gatescope-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        user = f"gs-test-{os.getpid()}"
        # A password that is none, and not a locked account, which sshd would refuse.
        _change_users("useradd", "-m", "-d", folder / "home", "-s", "/bin/sh", "-p", "*", "-G", SHARED_GROUP, user)
        try:
            entry = pwd.getpwnam(user)
            groups = tuple(os.getgrouplist(user, entry.pw_gid))
            yield OrdinaryUser(user, entry.pw_uid, entry.pw_gid, groups, folder / "home", _install(folder, entry))
        finally:
            _change_users("userdel", "-f", user)


def _change_users(*command: str | Path) -> None:
    """One at a time, for tests run side by side: the tools give up where the list of users is locked."""
    lock = os.open(_CHECKOUT, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(command, check=True, capture_output=True)
    finally:
        os.close(lock)


def _identity(uid: int, gid: int, groups: Sequence[int]) -> dict[str, Any]:
    return {"user": uid, "group": gid, "extra_groups": list(groups)}


def _install(folder: Path, user: pwd.struct_passwd) -> Path:
    """A virtual environment over a copy of the checkout and this environment's libraries."""
    for package in _PACKAGES:
        shutil.copytree(_CHECKOUT / package, folder / "checkout" / package, ignore=shutil.ignore_patterns("__pycache__"))
    libraries = Path(sysconfig.get_path("platlib"))
    if not _may_read(user, libraries):
        shutil.copytree(
            libraries,
            folder / "libraries",
            copy_function=_link_or_copy,
            ignore=shutil.ignore_patterns(*_NOT_FOR_RUNNING, "__editable__*", "*.pth"),
        )
        libraries = folder / "libraries"
    subprocess.run([_interpreter(user), "-I", "-m", "venv", "--without-pip", folder / "venv"], check=True, capture_output=True)
    site = next((folder / "venv" / "lib").glob("python3.*")) / "site-packages"
    (site / "gatescope.pth").write_text(f"{folder / 'checkout'}\n{libraries}\n")
    for command, module in _COMMANDS.items():
        script = folder / "venv" / "bin" / command
        script.write_text(f"#!{folder}/venv/bin/python\nimport sys\nfrom {module} import main\nsys.exit(main())\n")
        script.chmod(0o755)
    return folder / "venv" / "bin"


def _interpreter(user: pwd.struct_passwd) -> str:
    """One of our own version, for which the compiled libraries are, that the user may run: ours may lie in somebody's home."""
    version = ".".join(map(str, sys.version_info[:2]))
    for candidate in (os.path.realpath(sys.executable), f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        if _may_run(user, candidate, "-I", "-c", f"import sys, venv; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"):
            return candidate
    require(False, f"there is no Python {version} here that an ordinary user may run")
    raise AssertionError  # require does not come back


def _may_read(user: pwd.struct_passwd, path: Path) -> bool:
    return _may_run(user, "/usr/bin/test", "-r", f"{path}/.")


def _may_run(user: pwd.struct_passwd, *command: str) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True, cwd="/", **_identity(user.pw_uid, user.pw_gid, ())).returncode == 0
    except OSError:
        return False


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
