"""The version: pyproject.toml takes it from here, since asking the installed package's metadata for it takes longer than most commands."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
