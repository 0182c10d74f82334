"""Filters that begin to judge later than execve, at each moment, as root and without privilege."""

import errno
from collections.abc import Callable

import pytest

from core.observer.wire import FrameKind, ProcessKind
from tests.core.observer.driver import NOBODY, Observer, errno_filter, exit_code, kill_filter

GETPPID, SECCOMP, WRITE, EXIT_GROUP = 110, 317, 1, 231
MOMENTS = ("execve", "first-instruction", "entry", "main")


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("program", ["main", "static_main", "static_pie_main"])
def test_judges_from_the_moment_on(anyone: Observer, compiled: Callable[[str], str], moment: str, program: str) -> None:
    anyone.launch(compiled(program), no_new_privs=True, filters=(errno_filter(GETPPID, errno.ELOOP),), judge_from=moment)
    anyone.read_all()
    assert anyone.output() == b"refused\n", anyone.all_json(FrameKind.FAILED)
    # Before main there is the constructor's call: it is refused, unless the filter judges from main only.
    expected = [False, True] if moment == "main" else [True, True]
    assert [call["ret"] == -errno.ELOOP for call in anyone.calls if call["nr"] == GETPPID] == expected
    (judging,) = anyone.process_records(ProcessKind.JUDGING)
    refused = [call for call in anyone.calls if call["ret"] == -errno.ELOOP]
    assert judging["time_ns"] <= refused[0]["entered_ns"]


@pytest.mark.parametrize("moment", MOMENTS[1:])
def test_the_injected_calls_are_not_the_targets(
    engine: str, observe: Callable[..., Observer], compiled: Callable[[str], str], moment: str
) -> None:
    observer = observe()
    observer.launch(compiled("main"), engine=engine, no_new_privs=True, filters=(errno_filter(GETPPID, errno.ELOOP),), judge_from=moment)
    observer.read_all()
    assert observer.output() == b"refused\n"
    numbers = [call["nr"] for call in observer.calls]
    assert numbers[0] == 59
    assert SECCOMP not in numbers
    assert len(observer.process_records(ProcessKind.JUDGING)) == 1


def test_several_filters_are_loaded_in_order(anyone: Observer, compiled: Callable[[str], str]) -> None:
    filters = (errno_filter(GETPPID, errno.ELOOP), errno_filter(39, errno.EXDEV), errno_filter(GETPPID, errno.EXDEV))
    anyone.launch(compiled("main"), no_new_privs=True, filters=filters, judge_from="entry")
    anyone.read_all()
    # Of equal actions the newest filter's data wins.
    assert {call["ret"] for call in anyone.calls if call["nr"] == GETPPID} == {-errno.EXDEV}


def test_strict_mode_from_main_kills_at_the_first_other_call(anyone: Observer, compiled: Callable[[str], str]) -> None:
    anyone.launch(compiled("main"), no_new_privs=True, strict=True, judge_from="main")
    anyone.read_all()
    assert exit_code(anyone.status) == -9
    assert anyone.calls[-1]["nr"] == GETPPID


def test_a_program_without_main_says_so(observe: Callable[..., Observer], compiled: Callable[[str], str]) -> None:
    observer = observe()
    observer.launch(compiled("bare"), no_new_privs=True, filters=(errno_filter(GETPPID, 1),), judge_from="main")
    observer.read_all()
    failed = observer.json(FrameKind.FAILED)
    assert failed["stage"] == "inject-seccomp"
    assert "judge from entry" in failed["detail"]


def test_a_program_without_libc_is_judged_from_entry(observe: Callable[..., Observer], compiled: Callable[[str], str]) -> None:
    observer = observe()
    observer.launch(compiled("bare"), no_new_privs=True, filters=(errno_filter(GETPPID, 1),), judge_from="entry")
    observer.read_all()
    assert exit_code(observer.status) == 7


def test_without_privilege_no_new_privs_is_needed(compiled: Callable[[str], str], anyone: Observer) -> None:
    anyone.launch(compiled("main"), filters=(errno_filter(GETPPID, 1),), judge_from="entry")
    anyone.read_all()
    if anyone.json(FrameKind.HELLO)["uid"] != NOBODY:
        assert exit_code(anyone.status) == 0
        return
    failed = anyone.json(FrameKind.FAILED)
    assert (failed["stage"], failed["errno"]) == ("inject-seccomp", errno.EACCES)
    assert "no_new_privs" in failed["detail"]


def test_an_earlier_filter_may_kill_the_loading_of_the_next(observe: Callable[..., Observer], compiled: Callable[[str], str]) -> None:
    observer = observe()
    observer.launch(compiled("main"), no_new_privs=True, filters=(kill_filter(SECCOMP), errno_filter(GETPPID, 1)), judge_from="entry")
    observer.read_all()
    assert "earlier filter" in observer.json(FrameKind.FAILED)["detail"]


def test_a_target_that_ends_before_the_moment_is_an_ordinary_run(observe: Callable[..., Observer], engine: str) -> None:
    observer = observe()
    # The loader prints this library's name and exits before it would jump to the program.
    observer.launch(
        "/bin/true", engine=engine, environment=(("LD_TRACE_LOADED_OBJECTS", "1"),), no_new_privs=True, filters=(errno_filter(GETPPID, 1),)
    )
    observer.read_all()
    assert exit_code(observer.status) == 0
    assert "before it reached the moment" in observer.notes
