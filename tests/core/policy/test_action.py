"""Actions as words and as the kernel's numbers."""

from __future__ import annotations

import errno
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.policy.action import Action, ActionKind, parse_action

ALLOWED = "Allowed: allow, log, errno:EPERM (a name or a number), trap, kill-thread, kill-process, trace:1 (a number), ask."
ERRNOS = "Allowed: a name such as EPERM, or a number from 0 (the call returns 0 without running) to 4095."


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("allow", 0x7FFF0000),
        ("log", 0x7FFC0000),
        ("trace:7", 0x7FF00007),
        ("ask", 0x7FC00000),
        ("errno:EPERM", 0x00050001),
        ("errno:0", 0x00050000),
        ("errno:4095", 0x00050FFF),
        ("trap", 0x00030000),
        ("kill-thread", 0x00000000),
        ("kill-process", 0x80000000),
    ],
)
def test_each_word_has_the_kernels_number(word: str, value: int) -> None:
    action = parse_action(word)
    assert action.value == value
    assert Action.from_value(value) == action
    assert action.word == word


def test_a_number_gets_its_name() -> None:
    assert parse_action(f"errno:{errno.EACCES}").word == "errno:EACCES"


@pytest.mark.parametrize("value", [0x00010000, 0x7FFE0000, 0xFFFF0000])
def test_the_kernel_kills_for_an_action_it_does_not_know(value: int) -> None:
    assert Action.from_value(value).kind is ActionKind.KILL_PROCESS


@given(st.sampled_from([kind for kind in ActionKind if kind not in (ActionKind.ERRNO, ActionKind.TRACE)]))
def test_words_of_plain_actions_read_back(kind: ActionKind) -> None:
    assert parse_action(Action(kind).word) == Action(kind)


@given(st.sampled_from([ActionKind.ERRNO, ActionKind.TRACE]), st.integers(0, 4095))
def test_words_with_data_read_back(kind: ActionKind, data: int) -> None:
    assert parse_action(Action(kind, data).word) == Action(kind, data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("alow", f'"alow" is not an action; did you mean "allow"? {ALLOWED}'),
        ("", f'"" is not an action. {ALLOWED}'),
        ("kill", f'"kill" is not an action; did you mean "kill-thread" or "kill-process"? {ALLOWED}'),
        ("allow:1", f'"allow:1" is not an action: allow takes nothing behind a colon. {ALLOWED}'),
        ("trap:", f'"trap:" is not an action: trap takes nothing behind a colon. {ALLOWED}'),
        ("errno", f'"errno" does not say which errno. {ERRNOS}'),
        ("errno:EPREM", f'"errno:EPREM" names no errno; did you mean "EPERM"? {ERRNOS}'),
        ("errno:-1", f'"errno:-1" names no errno. {ERRNOS}'),
        ("errno:4096", f'"errno:4096": the kernel has no errno 4096. {ERRNOS}'),
        ("errno:²", f'"errno:²" names no errno. {ERRNOS}'),
        ("trace", '"trace": trace needs the number that the tracer gets. Allowed: trace:0 to trace:65535.'),
        ("trace:65536", '"trace:65536": trace needs the number that the tracer gets. Allowed: trace:0 to trace:65535.'),
        ("trace:x", '"trace:x": trace needs the number that the tracer gets. Allowed: trace:0 to trace:65535.'),
    ],
)
def test_a_wrong_word_is_told_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
        parse_action(text)
