"""A copy of packaging/ to run its scripts in, with a PATH that holds only what a test puts there."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]

BASE_COMMANDS = ("bash", "basename", "cat", "dirname", "env", "flock", "mkdir", "readlink", "rm", "sha256sum", "sleep", "touch")
"""What the scripts may count on: in the base system of every distribution."""

NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Shell:
    """A throwaway checkout with packaging/, run as an ordinary user."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "Shell":
        """Copy packaging/ into `folder`/checkout and hand all of it to the ordinary user."""
        shutil.copytree(CHECKOUT / "packaging", folder / "checkout/packaging")
        shutil.copy(CHECKOUT / "pyproject.toml", folder / "checkout")
        (folder / "bin").mkdir()
        shell = cls(folder)
        for name in BASE_COMMANDS:
            (shell.bin / name).symlink_to(shutil.which(name) or f"{name} is not on this machine")
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        return shell

    @property
    def checkout(self) -> Path:
        """The checkout's root."""
        return self.folder / "checkout"

    @property
    def bin(self) -> Path:
        """The only folder of PATH."""
        return self.folder / "bin"

    def add_command(self, name: str, body: str) -> None:
        """Put a shell script `name` into PATH."""
        (self.bin / name).write_text(f"#!/bin/bash\n{body}\n")
        (self.bin / name).chmod(0o755)

    def need(self, *rows: str) -> None:
        """Make `rows` the whole table of system packages."""
        (self.checkout / "packaging/system-packages.txt").write_text("\n".join(rows) + "\n")

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run `script` in bash after environment.sh, as nobody where the test is root, without stdin."""
        return subprocess.run(
            [self.bin / "bash", "-c", f"source packaging/environment.sh\n{script}"],
            cwd=self.checkout,
            env={"PATH": str(self.bin), "HOME": str(self.folder)},
            user=NOBODY if os.geteuid() == 0 else None,
            group=NOBODY if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
