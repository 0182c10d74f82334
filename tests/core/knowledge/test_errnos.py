"""Errnos against Python's own table, which the C compiler filled."""

import errno

import pytest

from core.knowledge.errnos import errno_meaning, errno_name, errno_names, errno_number


def test_names_and_numbers_are_those_of_c() -> None:
    for number, name in errno.errorcode.items():
        assert errno_number(name) == number
        assert errno_number(errno_name(number)) == number
        assert errno_meaning(number) not in ("", "unknown error")


def test_spellings() -> None:
    assert errno_number("eperm") == errno_number(" EPERM ") == errno_number("1") == 1
    assert errno_number("EWOULDBLOCK") == errno_number("EAGAIN") == 11
    assert errno_name(11) == "EAGAIN"
    assert errno_name(-13) == "EACCES"
    assert errno_name(512) == "ERESTARTSYS"
    assert errno_name(4000) == "4000"
    assert errno_meaning(4000) == "unknown error"
    assert errno_meaning(-2) == "no such file or directory"
    assert "EPERM" in errno_names()


def test_what_is_none_is_named_with_what_was_meant() -> None:
    with pytest.raises(ValueError, match="'EACESS' is not an errno; did you mean EACCES"):
        errno_number("EACESS")
    with pytest.raises(ValueError, match="'' is not an errno; names are those of errno"):
        errno_number("")
