"""The C side's layouts against those of Python: clang is asked, and nothing needs to be run."""

import enum
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from core.observer import wire
from core.observer.ebpf import loader
from core.observer.engine import LOST_KINDS
from tests.support.privilege import require

FOLDER = Path(loader.OBJECT).parent


def _clang_accepts(claims: list[str], header: str, *options: str) -> None:
    require(shutil.which("clang"), "clang is not installed: it tells how C lays the records out")
    source = "\n".join([f'#include "{header}"', *(f'_Static_assert({claim}, "{claim}");' for claim in claims)])
    command = ["clang", *(options or ("-target", "bpf", f"-I{FOLDER}")), "-fsyntax-only", "-x", "c", "-"]
    done = subprocess.run(command, input=source, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def _offsets(name: str, fields: tuple[wire.Field, ...]) -> list[str]:
    size = wire.record_struct(wire.RING_HEADER).size
    claims, offset = [], 0
    for field, code in fields[len(wire.RING_HEADER) :]:
        width = struct.calcsize("<" + code)
        claims.append(f"__builtin_offsetof(struct {name}, {field}) == {offset}")
        claims.append(f"sizeof(((struct {name} *)0)->{field}) == {width}")
        offset += width
    assert offset + size == wire.record_struct(fields).size
    return [*claims, f"sizeof(struct {name}) == {offset}"]


@pytest.mark.parametrize(
    ("name", "fields"),
    [("call", wire.CALL_FIELDS), ("check", wire.CHECK_FIELDS), ("process", wire.PROCESS_FIELDS), ("capture", wire.CAPTURE_FIELDS)],
)
def test_records_lie_as_the_wire_says(name: str, fields: tuple[wire.Field, ...]) -> None:
    _clang_accepts(_offsets(name, fields), "records.h")


def test_a_wrong_claim_is_noticed() -> None:
    with pytest.raises(AssertionError, match="static_assert"):
        _clang_accepts(["sizeof(struct call) == 1"], "records.h")


def test_numbers_mean_the_same() -> None:
    def same(prefix: str, values: type[enum.IntEnum] | type[enum.IntFlag], *names: str) -> list[str]:
        return [f"{prefix}{name} == {values[name].value}" for name in names]

    _clang_accepts(
        [
            *same("CALL_", wire.CallFlag, "PASSED", "EXITED", "CUT_SHORT"),
            *same("PROCESS_", wire.ProcessKind, "FORK", "EXEC", "EXIT", "SIGNAL", "KILLED_BY_SECCOMP", "BEFORE_EXEC"),
            *same("CAPTURE_", wire.CaptureKind, "STRING", "BYTES", "POINTERS", "PARTS", "PROGRAM"),
            *same("EXEC_", wire.ExecFact, *(fact.name for fact in wire.ExecFact)),
            f"LENGTH_RESULT == {wire.RESULT}",
            f"LENGTH_ARGUMENT({wire.LENGTH_IS_RESULT}) == LENGTH_RESULT && LENGTH_WORDS({wire.LENGTH_IS_RESULT}) == WORDS_NONE",
            f"LENGTH_ARGUMENT({wire.NO_LENGTH}) == LENGTH_NONE && LENGTH_WORDS({wire.NO_LENGTH}) == WORDS_NONE",
            f"LENGTH_ARGUMENT({wire.counted(2, 16)}) == 2 && LENGTH_WORDS({wire.counted(2, 16)}) == 4",
            f"MAX_CAPTURE == {wire.MAX_CAPTURE}",
            f"CAPTURES_A_CALL == {wire.CAPTURES_A_CALL}",
            f"STACK_DEPTH == {wire.STACK_DEPTH}",
            f"AUDIT_ARCH_X86_64 == {wire.AUDIT_ARCH_X86_64}",
            f"AUDIT_ARCH_I386 == {wire.AUDIT_ARCH_I386}",
            f"X32_SYSCALL_BIT == {wire.X32_SYSCALL_BIT}",
        ],
        "records.h",
    )


def test_maps_lie_as_the_loader_says() -> None:
    _clang_accepts(
        [
            f"sizeof(struct thread) == {loader.THREAD_SIZE}",
            "__builtin_offsetof(struct thread, state) == 0",
            "__builtin_offsetof(struct thread, marks) == 4",
            f"STATE_ARMED == {loader.STATE_ARMED}",
            f"MARK_MUTED == {loader.MARK_MUTED}",
            f"PLANS_AN_ARCH == {loader.PLANS_AN_ARCH}",
            f"sizeof(struct call_plan) == {loader.PLAN_SIZE}",
            "__builtin_offsetof(struct capture_plan, size) == 4",
            *(f"LOST_{kind.upper()} == {index}" for index, kind in enumerate(LOST_KINDS)),
        ],
        "maps.h",
    )
    _clang_accepts([f"__builtin_offsetof(struct bpf_prog_info, recursion_misses) == {loader.MISSES_OFFSET}"], "linux/bpf.h", "-O0")
