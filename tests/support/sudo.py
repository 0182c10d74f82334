"""A sudo rule for the length of a test."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.support.ordinary_user import OrdinaryUser
from tests.support.privilege import require

_RULES: Final = Path("/etc/sudoers.d")


@contextlib.contextmanager
def may_sudo(user: OrdinaryUser, *command: str | Path) -> Iterator[None]:
    """The user may run exactly this command as root, and is asked for no password."""
    require(shutil.which("sudo"), "sudo is not installed")
    require(_RULES.is_dir(), f"sudo here reads no rules from {_RULES}")
    rule = _RULES / f"gatescope-test-{os.getpid()}"
    rule.write_text(f"{user.name} ALL=(root) NOPASSWD: {' '.join(map(str, command))}\n")
    try:
        rule.chmod(0o440)
        subprocess.run(["visudo", "-cqf", rule], check=True)
        yield
    finally:
        rule.unlink()
