"""The throwaway checkout."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.shell import Shell


@pytest.fixture
def shell() -> Iterator[Shell]:
    """A copy of packaging/ that an ordinary user can reach (tmp_path is its owner's alone)."""
    with tempfile.TemporaryDirectory(prefix="gatescope-packaging-") as folder:
        Path(folder).chmod(0o755)
        yield Shell.make(Path(folder))
