"""The capture plan: what is read, what is not, and that the observer takes it."""

import json

import pytest

from core.knowledge.captures import capture_plans, readings
from core.knowledge.structures import LAYOUTS
from core.knowledge.syscalls import ARCHES, by_name, number
from core.observer import wire
from core.observer.wire import CaptureKind, CapturePlan

X86_64 = ARCHES["x86_64"]


def _plan(name: str, arch: str = "x86_64", *, buffers: bool = False) -> CapturePlan | None:
    nr = number(arch, name)
    return next((plan for plan in capture_plans(buffers=buffers) if (plan.arch, plan.nr) == (ARCHES[arch], nr)), None)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("openat", [1]),
        ("execve", [0, 1]),
        ("rename", [0, 1]),
        ("mount", [0, 1, 2]),
        ("connect", [1]),
        ("linkat", [1, 3]),
        ("chroot", [0]),
        ("setxattr", [0, 1]),
    ],
)
def test_what_is_read(name: str, arguments: list[int]) -> None:
    plan = _plan(name)
    assert plan is not None
    assert [capture[0] for capture in plan.captures] == arguments


def test_argument_lists_are_read_before_their_memory_goes() -> None:
    plan = _plan("execve")
    assert plan is not None
    assert plan.captures == ((0, CaptureKind.STRING, 4096, wire.NO_LENGTH, True), (1, CaptureKind.POINTERS, 4096, wire.NO_LENGTH, True))


def test_an_address_is_read_as_long_as_it_is() -> None:
    plan = _plan("connect")
    assert plan is not None
    assert plan.captures == ((1, CaptureKind.BYTES, 128, 2, False),)


def test_buffers_are_read_only_where_asked_for() -> None:
    assert _plan("read") is None
    assert _plan("write") is None
    write, read = _plan("write", buffers=True), _plan("read", buffers=True)
    assert write is not None
    assert read is not None
    assert write.captures == ((1, CaptureKind.BYTES, 48, 2, False),)
    assert read.captures[0][3] == wire.LENGTH_IS_RESULT


def test_layouts_of_64_bits_are_not_read_from_32_bit_calls() -> None:
    assert _plan("nanosleep") is not None
    assert _plan("nanosleep", "x86") is None
    assert _plan("openat", "x86") is not None
    assert _plan("execve", "x32") is not None


@pytest.mark.parametrize("buffers", [False, True])
def test_the_observer_takes_the_plan(buffers: bool) -> None:
    plans = capture_plans(buffers=buffers)
    assert len({(plan.arch, plan.nr) for plan in plans}) == len(plans)
    for plan in plans:
        assert 1 <= len(plan.captures) <= wire.CAPTURES_A_CALL
        assert all(0 < size <= wire.MAX_CAPTURE for _, _, size, _, _ in plan.captures)
    spec = wire.LaunchSpec("/bin/true", ("true",), (), "/", "ptrace", captures=plans)
    assert wire.LaunchSpec.from_json(json.loads(json.dumps(spec.to_json()))).captures == plans


def test_only_pointers_are_read_and_every_layout_has_a_reader() -> None:
    for arch in ("x86_64", "x86", "x32"):
        for call in by_name(arch).values():
            for reading in readings(call):
                # prctl's second argument is a string for PR_SET_NAME only; what ioctl's points to, if anything, hangs on the request.
                assert call.parameters[reading.argument].is_pointer or call.name in ("prctl", "ioctl"), call.name
                assert reading.layout in {"string", "arguments", "buffer", "random", "ioctl", "filter"} | LAYOUTS.keys()
