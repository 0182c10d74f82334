"""Captures of a real target's arguments."""

import sys
from collections.abc import Callable

from core.observer import wire
from core.observer.wire import CaptureKind, CapturePlan
from tests.core.observer.driver import Capture, Observer

ARCH = wire.AUDIT_ARCH_X86_64
WRITE, OPENAT, EXECVE, READ = 1, 257, 59, 0
Observe = Callable[..., Observer]


def captures_of(observer: Observer, nr: int, **wanted: int) -> list[Capture]:
    calls = {call["id"] for call in observer.calls if call["nr"] == nr and all(call[name] == value for name, value in wanted.items())}
    return [capture for capture in observer.captures if capture.call in calls]


def python(observe: Observe, program: str, *plans: tuple[int, int, int, int, int, bool]) -> Observer:
    """Run a Python program; a plan is (nr, argument, kind, size, length argument, at entry)."""
    observer = observe()
    captures = tuple(CapturePlan(ARCH, nr, ((argument, kind, size, length, entry),)) for nr, argument, kind, size, length, entry in plans)
    observer.launch(sys.executable, "-I", "-S", "-c", program, captures=captures)
    observer.read_all()
    return observer


def test_strings(observe: Observe) -> None:
    long = "/" + "x" * 200 + "/" + "y" * 200
    observer = python(
        observe, f"import os\ntry: os.open({long!r}, 0)\nexcept OSError: pass", (OPENAT, 1, CaptureKind.STRING, 4096, wire.NO_LENGTH, False)
    )
    (capture,) = [capture for capture in captures_of(observer, OPENAT) if capture.data.startswith(b"/xxx")]
    assert capture == Capture(capture.call, 1, CaptureKind.STRING, 0, 0, long.encode())


def test_a_string_longer_than_the_plan_is_cut(observe: Observe) -> None:
    long = "/" + "x" * 200
    observer = python(
        observe, f"import os\ntry: os.open({long!r}, 0)\nexcept OSError: pass", (OPENAT, 1, CaptureKind.STRING, 100, wire.NO_LENGTH, False)
    )
    (capture,) = [capture for capture in captures_of(observer, OPENAT) if capture.data.startswith(b"/xxx")]
    assert (capture.data, capture.truncated) == (long[:100].encode(), 1)


def test_bytes_as_many_as_an_argument_says(observe: Observe) -> None:
    observer = python(observe, "import os; os.write(1, b'short'); os.write(1, bytes(100))", (WRITE, 1, CaptureKind.BYTES, 64, 2, True))
    short, long = captures_of(observer, WRITE)
    assert (short.data, short.truncated) == (b"short", 0)
    assert (long.data, long.truncated) == (bytes(64), 1)


def test_bytes_as_many_as_the_result_says(observe: Observe) -> None:
    observer = python(
        observe,
        "import os; r, w = os.pipe(); os.write(w, b'abc'); os.read(r, 100); os.dup2(r, 77); os.write(w, b''); os.close(w); os.read(77, 9)",
        (READ, 1, CaptureKind.BYTES, 64, wire.LENGTH_IS_RESULT, False),
    )
    (three,) = captures_of(observer, READ, ret=3)
    assert three.data == b"abc"
    assert captures_of(observer, READ, ret=0)[-1].data == b""


def test_memory_that_is_not_there(observe: Observe) -> None:
    observer = python(
        observe,
        "import ctypes; ctypes.CDLL(None).syscall(257, -100, ctypes.c_long(16), 0)",
        (OPENAT, 1, CaptureKind.STRING, 100, wire.NO_LENGTH, False),
    )
    (capture,) = captures_of(observer, OPENAT, ret=-14)
    assert (capture.failed, capture.data) == (1, b"")


def test_a_string_that_ends_with_its_page(observe: Observe) -> None:
    program = """
import ctypes, mmap
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long)
base = libc.mmap(None, 8192, 3, 0x22, -1, 0)
libc.munmap(ctypes.c_void_p(base + 4096), 4096)
ctypes.memmove(base + 4096 - 5, b"last\\0", 5)
libc.syscall(257, -100, ctypes.c_void_p(base + 4096 - 5), 0)
ctypes.memmove(base + 4096 - 5, b"never", 5)
libc.syscall(257, -100, ctypes.c_void_p(base + 4096 - 5), 0)
"""
    observer = python(observe, program, (OPENAT, 1, CaptureKind.STRING, 300, wire.NO_LENGTH, False))
    last, never = captures_of(observer, OPENAT)[-2:]
    assert (last.data, last.truncated, last.failed) == (b"last", 0, 0)
    assert (never.data, never.truncated, never.failed) == (b"never", 1, 0)


def test_arrays_of_strings_at_the_entry_of_execve(observe: Observe) -> None:
    observer = observe()
    plan = CapturePlan(
        ARCH, EXECVE, ((0, CaptureKind.STRING, 4096, wire.NO_LENGTH, True), (1, CaptureKind.POINTERS, 4096, wire.NO_LENGTH, True))
    )
    observer.launch("/bin/sh", "-c", "exec /bin/echo one two", captures=(plan,))
    observer.read_all()
    first_path, first_argv, path, argv = (one for one in observer.captures if one.argument not in list(wire.ExecFact))
    assert (first_path.data, first_argv.data) == (b"/bin/sh", b"/bin/sh\0-c\0exec /bin/echo one two\0")
    assert (path.data, argv.data) == (b"/bin/echo", b"/bin/echo\0one\0two\0")
