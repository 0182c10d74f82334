"""The same call is found again in another run."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.judge.records import Capture
from core.recording.recording import Recording
from core.recording.rows import PROCESS_ROW, ROW_DTYPE, Details, Rows
from core.recording.same_call import find_same, key_of
from tests.core.recording.test_recording import HEADER, call_rows


class Story:
    """A run, told event by event; every run has its own numbers and addresses."""

    def __init__(self, first_pid: int, base: int) -> None:
        self.recording = Recording.create(None, HEADER)
        self.pid, self.base = first_pid, base

    def call(self, syscall: str, *args: int, tid: int = 0, text: bytes = b"") -> int:
        rows = call_rows(self.recording, syscall, pid=self.pid, tid=self.pid + tid)
        rows["args"][0, : len(args)] = args
        details = Details(captures={0: (Capture(0, 1, 1, False, False, text),)}) if text else Details()
        self.recording.append(rows, details)
        return len(self.recording) - 1

    def fork(self, child: int, *, by: int = 0) -> None:
        row: Rows = np.zeros(1, ROW_DTYPE)
        row["kind"], row["pid"], row["tid"] = PROCESS_ROW, self.pid + by, self.pid + by
        data: dict[str, Any] = {"child": self.pid + child, "child_tid": self.pid + child, "thread": False}
        self.recording.append(row, Details(process={0: ("fork", data)}))


def both(tell: Any) -> tuple[Story, Story]:
    """The same story in two runs."""
    stories = Story(100, 0x7F0000000000), Story(5000, 0x7F5555550000)
    for story in stories:
        tell(story)
    return stories


def same(stories: tuple[Story, Story], index: int) -> int | None:
    return find_same(stories[1].recording, key_of(stories[0].recording, index))


def test_the_same_turn_of_calls_that_are_alike() -> None:
    def tell(story: Story) -> None:
        for _ in range(3):
            story.call("read", 3, story.base, 100)
        story.call("read", 4, story.base, 100)

    stories = both(tell)
    assert [same(stories, index) for index in range(4)] == [0, 1, 2, 3]


def test_addresses_do_not_count_but_numbers_do() -> None:
    one, other = Story(100, 0), Story(200, 0)
    one.call("mmap", 0x7F1234560000, 4096, 1, 2, 0xFFFFFFFFFFFFFFFF, 0)
    other.call("mmap", 0x7FABCDEF0000, 8192, 1, 2, 0xFFFFFFFFFFFFFFFF, 0)
    other.call("mmap", 0x7FABCDEF0000, 4096, 1, 2, 0x00000000FFFFFFFF, 0)
    key = key_of(one.recording, 0)
    assert find_same(other.recording, key) is None
    other.call("mmap", 0x7FABCDEF0000, 4096, 1, 2, 0xFFFFFFFFFFFFFFFF, 0)
    assert find_same(other.recording, key) == 2


def test_the_upper_half_of_an_int_is_rubbish() -> None:
    one, other = Story(100, 0), Story(200, 0)
    one.call("socket", 2, 0xDEAD00000003, 1)
    other.call("socket", 2, 3, 1, 0x1234)
    assert find_same(other.recording, key_of(one.recording, 0)) == 0


def test_paths_count_where_they_were_captured() -> None:
    def tell(story: Story) -> None:
        for path in (b"/etc/hosts", b"/etc/shadow"):
            story.call("openat", 2**64 - 100, story.base, 0, 0, text=path)

    stories = both(tell)
    assert [same(stories, index) for index in (0, 1)] == [0, 1]


def test_a_process_is_known_by_its_place_in_the_tree() -> None:
    def tell(story: Story) -> None:
        story.fork(1)
        story.fork(2)
        story.fork(3, by=2)
        for child in (3, 2, 1):
            story.call("chroot", story.base, tid=child)

    stories = both(tell)
    assert [same(stories, index) for index in (3, 4, 5)] == [3, 4, 5]


def test_a_process_as_an_argument_is_its_place_too() -> None:
    def tell(story: Story) -> None:
        story.fork(1)
        story.call("kill", story.pid + 1, 15)
        story.call("kill", story.pid, 15)
        story.call("kill", 1, 15)

    stories = both(tell)
    assert [same(stories, index) for index in (1, 2, 3)] == [1, 2, 3]


def test_what_has_not_come_is_not_found() -> None:
    stories = both(lambda story: story.call("chroot", story.base))
    key = key_of(stories[0].recording, 0)
    stories[0].call("chroot", 1)
    assert find_same(stories[1].recording, key_of(stories[0].recording, 1)) is None
    assert find_same(Recording.create(None, HEADER), key) is None
