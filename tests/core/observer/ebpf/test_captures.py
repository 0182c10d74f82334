from collections.abc import Callable
from pathlib import Path

from core.observer import wire
from core.observer.ebpf.loader import RingSizes
from core.observer.wire import CaptureKind, CapturePlan
from tests.core.observer.ebpf.recorded import Capture, Recorded
from tests.core.observer.ebpf.watching import under_filter, watch

EXECVE, UNLINK, READ, WRITE = 59, 87, 0, 1
ERRNO_EPERM = 0x50001

Target = Callable[[str], str]


def _plan(nr: int, *captures: tuple[int, int, int, int, bool]) -> CapturePlan:
    return CapturePlan(wire.AUDIT_ARCH_X86_64, nr, captures)


def _string(argument: int, size: int, at_entry: bool) -> tuple[int, int, int, int, bool]:
    return argument, CaptureKind.STRING, size, wire.NO_LENGTH, at_entry


EXEC_PLAN = _plan(EXECVE, _string(0, 256, True), (1, CaptureKind.POINTERS, 512, wire.NO_LENGTH, True))


def _of(recorded: Recorded, nr: int) -> list[list[Capture]]:
    return [recorded.captures_of(call) for call in recorded.calls_of(nr)]


def test_strings(target: Target) -> None:
    recorded = watch([target("captures")], captures=(_plan(UNLINK, _string(0, 100, False)),))
    plain, long, null, bad = _of(recorded, UNLINK)
    assert [(one.argument, one.kind, one.truncated, one.failed, one.data) for one in plain] == [
        (0, CaptureKind.STRING, False, False, b"/does/not/exist")
    ]
    assert [(one.truncated, one.data) for one in long] == [(True, b"n" * 100)]
    assert null == []
    assert [(one.failed, one.data) for one in bad] == [(True, b"")]


def test_a_string_that_just_fits_is_whole(target: Target) -> None:
    whole, cut = (_of(watch([target("captures")], captures=(_plan(UNLINK, _string(0, size, True)),)), UNLINK)[1][0] for size in (299, 298))
    assert (whole.truncated, whole.data) == (False, b"n" * 299)
    assert (cut.truncated, cut.data) == (True, b"n" * 298)


def test_bytes_by_length_argument_and_by_result(target: Target) -> None:
    recorded = watch(
        [target("captures")],
        captures=(
            _plan(READ, (1, CaptureKind.BYTES, 8, wire.LENGTH_IS_RESULT, False)),
            _plan(WRITE, (1, CaptureKind.BYTES, 16, 2, True)),
        ),
    )
    ((read,),) = _of(recorded, READ)
    ((written,),) = _of(recorded, WRITE)
    assert (read.data, read.truncated) == (b"01234567", True)
    assert (written.data, written.truncated) == (b"0123456789", False)


def test_execve_at_entry(target: Target) -> None:
    path = target("sequence")
    recorded = watch([path, "one", "two words", ""], captures=(EXEC_PLAN,))
    ((name, argv),) = _of(recorded, EXECVE)
    assert name.data == path.encode()
    assert (argv.argument, argv.kind, argv.failed) == (1, CaptureKind.POINTERS, False)
    assert argv.data == path.encode() + b"\0one\0two words\0\0"


def test_many_arguments(target: Target) -> None:
    path = target("sequence")
    words = [path, *(str(n) for n in range(300))]
    plan = _plan(EXECVE, (1, CaptureKind.POINTERS, wire.MAX_CAPTURE, wire.NO_LENGTH, True))
    ((argv,),) = _of(watch(words, captures=(plan,)), EXECVE)
    assert argv.truncated
    assert argv.data == b"".join(word.encode() + b"\0" for word in words[:128])

    big = ["x" * 1000] * 6
    ((argv,),) = _of(watch([path, *big], captures=(plan,)), EXECVE)
    assert argv.truncated
    assert argv.data[:-1] == b"\0".join([path.encode(), *(word.encode() for word in big)])[: wire.MAX_CAPTURE - 1]
    assert len(argv.data) == wire.MAX_CAPTURE


def test_a_refused_call_has_its_captures_too(target: Target) -> None:
    recorded = watch(
        [target("captures"), "touch the page"],
        before_exec=under_filter(UNLINK, ERRNO_EPERM),
        captures=(_plan(UNLINK, _string(0, 100, True)),),
    )
    assert [one.data for one in _of(recorded, UNLINK)[0]] == [b"/does/not/exist"]


def test_an_argument_whose_page_is_not_in_memory(target: Target) -> None:
    # The name lies in a page of the executable that this process has not touched. The kernel touches it inside the call;
    # where the call never runs, nobody does.
    plan = _plan(UNLINK, _string(0, 100, True))
    (ran,) = _of(watch([target("captures")], captures=(plan,)), UNLINK)[0]
    assert ran.data == b"/does/not/exist"
    (refused,) = _of(watch([target("captures")], before_exec=under_filter(UNLINK, ERRNO_EPERM), captures=(plan,)), UNLINK)[0]
    assert refused.failed


def test_captures_of_other_architectures(target: Target) -> None:
    plan = CapturePlan(wire.AUDIT_ARCH_I386, 20, ((0, CaptureKind.BYTES, 4, wire.NO_LENGTH, True),))
    recorded = watch([target("compat")], captures=(plan,))
    ((capture,),) = _of(recorded, 20)
    assert capture.failed  # 0x1111 is no address
    assert capture.argument == 0


def test_a_full_capture_ring_is_counted(target: Target) -> None:
    plan = _plan(UNLINK, _string(0, 4096, False))
    recorded = watch([target("captures")], captures=(plan,), sizes=RingSizes(1 << 20, 1 << 20, 1 << 20, 4096))
    assert recorded.lost["captures"] == 0
    path = target("sequence")
    many = _plan(EXECVE, *(3 * ((1, CaptureKind.POINTERS, 4096, wire.NO_LENGTH, True),)))
    recorded = watch([path, "x" * 3000], captures=(many,), sizes=RingSizes(1 << 20, 1 << 20, 1 << 20, 4096))
    facts = (wire.ExecFact.FILE, wire.ExecFact.GROUPS)
    assert len(recorded.captures) + recorded.lost["captures"] == 3 + len(facts)
    assert recorded.lost["captures"] == 2


def test_a_script_is_captured_by_its_own_name(tmp_path: Path, target: Target) -> None:
    target("sequence")
    script = tmp_path / "script"
    script.write_text("#!/bin/true\n")
    script.chmod(0o755)
    ((name, argv),) = _of(watch([str(script), "word"], captures=(EXEC_PLAN,)), EXECVE)
    assert (name.data, argv.data) == (bytes(script), bytes(script) + b"\0word\0")


def test_execve_of_a_name_that_was_not_in_memory(target: Target) -> None:
    # Neither name nor arguments can be read when execve is entered; afterwards the kernel's own copies can.
    recorded = watch([target("exec_untouched")], captures=(EXEC_PLAN,))
    name, argv = _of(recorded, EXECVE)[1]
    assert (name.data, name.failed, name.truncated) == (b"/bin/true", False, False)
    assert (argv.data, argv.failed, argv.truncated) == (b"/bin/true\0one\0two\0", False, False)
