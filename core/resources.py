"""Where the program's data files are: beside the packages, in a checkout as in an installation."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent / "resources"


def resource_path(name: str) -> Path:
    """The path of a data file or folder, named from resources/ with slashes: `resource_path("syscalls/x86_64.tsv")`.

    Raises FileNotFoundError where the installation lacks it.
    """
    path = ROOT / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: the installation is incomplete; install Gatescope again")
    return path


def rows(name: str) -> list[list[str]]:
    """The fields of a tab-separated data file, row by row; empty lines and lines that begin with # are left out."""
    text = resource_path(name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
