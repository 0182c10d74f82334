"""Data files are found, and a missing one is named."""

import pytest

from core.resources import resource_path, rows


def test_a_file_and_a_folder_are_found() -> None:
    assert resource_path("syscalls/x86_64.tsv").is_file()
    assert resource_path("syscalls").is_dir()


def test_a_missing_file_is_named_with_what_to_do() -> None:
    with pytest.raises(FileNotFoundError, match=r"nonexistent\.tsv is missing: .* install Gatescope again"):
        resource_path("nonexistent.tsv")


def test_rows_leave_comments_out() -> None:
    table = rows("syscalls/x86_64.tsv")
    assert table[0] == ["0", "read"]
    assert all(len(row) == 2 for row in table)
