"""The version, from the installed package's metadata: pyproject.toml is where it is written."""

from __future__ import annotations

import importlib.metadata

VERSION = importlib.metadata.version("gatescope")
