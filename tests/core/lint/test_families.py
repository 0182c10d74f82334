"""Families of siblings: the data file, and how a rule's tests for one member read for another."""

from __future__ import annotations

import pytest

from core.knowledge.syscalls import ARCHES, number, syscall
from core.lint import families as siblings
from core.lint.families import Family, Form, families, hides, translated
from tests.core.lint.policies import arg


def _family(call: str) -> Family:
    return next(family for family in families() if any(form.call == call for form in family.calls))


def _form(call: str) -> Form:
    return next(form for form in _family(call).calls if form.call == call)


def test_every_call_is_one_and_every_role_an_argument_of_it() -> None:
    for family in families():
        assert family.what
        assert family.why.endswith(".")
        for form in (*family.calls, *family.also):
            tables = [table for table in ARCHES if number(table, form.call) is not None]
            assert tables, form.call
            known = [syscall(ARCHES[table], number(table, form.call) or 0) for table in tables]
            longest = max(len(one.parameters) for one in known if one)
            assert all(index < (longest or 6) for index in (*form.roles.values(), *form.fixed)), form.call


def test_arguments_move_to_where_the_other_call_has_them() -> None:
    args = (0x1000, 2, 0o600, 0, 0, 0)
    moved = translated(args, _form("open"), _form("openat"))
    assert moved == (2**64 - 100, 0, 2, 0o600, 0, 0)
    assert translated(args, _form("open"), _form("creat")) is None  # creat writes, and makes the file


def test_tests_move_with_them() -> None:
    tests = [arg(1, "&==", "O_WRONLY", mask=3)]
    assert siblings.tests_of_way(tests, _form("open"), _form("openat"), _family("open")) == (arg(2, "&==", "O_WRONLY", mask=3),)
    assert siblings.tests_of_way(tests, _form("open"), _form("creat"), _family("open")) == ()
    assert (
        siblings.tests_of_way([arg(0, "==", 5)], _form("open"), _form("openat"), _family("open")) is None
    )  # the path is no argument that both name


def test_what_a_call_takes_from_memory_is_hidden() -> None:
    assert hides(_form("open"), _form("openat2"))
    assert not hides(_form("open"), _form("openat"))


def test_making_processes_is_no_matter_of_threads() -> None:
    assert siblings.tests_of_way((), _form("fork"), _form("clone"), _family("fork")) == (arg(0, "&==", 0, mask=0x10000),)


@pytest.mark.parametrize("text", ["open flags", "open flags="])
def test_a_row_that_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="flags"):
        Form.parse(text)
