"""The kernel's tracefs: mounted for as long as tests read it, where the system has not done so."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TRACEFS: Final = Path("/sys/kernel/tracing")


@contextlib.contextmanager
def tracefs() -> Iterator[Path]:
    """Its mount point; without root it may be empty or not readable, which is for the caller to see."""
    mounted = not os.path.ismount(TRACEFS) and _mount()
    try:
        yield TRACEFS
    finally:
        if mounted:
            subprocess.run(["umount", TRACEFS], check=True)


def _mount() -> bool:
    if os.geteuid() != 0:
        return False
    return subprocess.run(["mount", "-t", "tracefs", "none", TRACEFS], check=False, capture_output=True).returncode == 0
