"""Which failures are the limits of the shell or the machine, and their sentences."""

from __future__ import annotations

import errno

import pytest

from core.complaint import shortage


@pytest.mark.parametrize(
    ("err", "sentence"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "ulimit -v"),
        (MemoryError(), "ulimit -v"),
        (ImportError("libarrow.so: failed to map segment from shared object"), "ulimit -v"),
        (RuntimeError("can't start new thread"), "ulimit -u"),
    ],
)
def test_a_shortage_names_the_limit(err: Exception, sentence: str) -> None:
    assert sentence in (shortage(err) or "")


@pytest.mark.parametrize(
    "err", [OSError(errno.EIO, "Input/output error"), ImportError("No module named 'x'"), RuntimeError("a mistake of ours")]
)
def test_other_failures_are_none(err: Exception) -> None:
    assert shortage(err) is None
