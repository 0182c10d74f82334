"""The table of what errnos mean of certain calls."""

from __future__ import annotations

import pytest

from core import resources
from core.knowledge.call_errnos import call_errno
from core.knowledge.errnos import errno_names
from core.knowledge.privileged_calls import privileged_forms
from core.knowledge.syscalls import ARCHES, number

ROWS = resources.rows("errnos/calls.tsv")


def test_the_table_speaks_of_calls_and_errnos_that_exist() -> None:
    for calls, errno, meaning, source in ROWS:
        assert errno in errno_names(), errno
        for call in calls.split():
            assert any(number(architecture, call) is not None for architecture in ARCHES), call
        assert meaning == meaning.strip()
        assert not meaning.endswith(".")
        assert source.endswith(")")


def test_it_says_more_than_the_general_meaning() -> None:
    found = call_errno("socket", "EPERM")
    assert found is not None
    assert "NET_RAW" in found.meaning
    assert call_errno("chroot", "EPERM") != found
    assert call_errno("getpid", "EPERM") is None


@pytest.mark.parametrize("call", ["socket", "bind", "mount", "chroot", "setuid", "kill", "chown", "ptrace", "settimeofday", "mlock", "bpf"])
def test_it_covers_how_privileged_calls_are_refused(call: str) -> None:
    for form in privileged_forms(call):
        assert any(call_errno(call, name) for name in ("EPERM", "EACCES", "ENOMEM")), form
