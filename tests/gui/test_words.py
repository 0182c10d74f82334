"""Sentences that stand alone."""

from __future__ import annotations

import pytest

from gui.words import sentence, some


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the kernel asked", "The kernel asked."),
        ("seccomp's default action killed it", "Seccomp's default action killed it."),
        ("already one.", "Already one."),
        ("/bin/x: there is no such file", "/bin/x: there is no such file."),
        ("did you mean ls?", "Did you mean ls?"),
        ("", ""),
    ],
)
def test_sentence(text: str, expected: str) -> None:
    assert sentence(text) == expected


def test_some() -> None:
    assert [some(1, "thread"), some(2000, "thread"), some(0, "process", "es")] == ["1 thread", "2,000 threads", "0 processes"]
