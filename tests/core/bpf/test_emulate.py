import itertools

import numpy as np
import pytest

from core.bpf import program as bpf
from core.bpf.build import build_filter
from core.bpf.emulate import Emulator, SeccompData, emulate, strictest
from core.bpf.program import ProgramError, encode_program, instruction
from core.bpf.verify import CALLS
from core.observer.wire import AUDIT_ARCH_I386, AUDIT_ARCH_X86_64
from tests.core.bpf.policies import arg, policy, rule
from tests.core.bpf.programs import guarded, random_body, random_calls, seeded

ALLOW, LOG, TRACE, NOTIFY, ERRNO, TRAP, KILL_THREAD, KILL_PROCESS = (
    0x7FFF0000,
    0x7FFC0000,
    0x7FF00000,
    0x7FC00000,
    0x00050000,
    0x00030000,
    0x00000000,
    0x80000000,
)


def answering(value: int) -> bytes:
    return encode_program((instruction(bpf.RET, value),))


def test_the_path_names_the_executed_instructions() -> None:
    program = encode_program(
        (
            instruction(bpf.LOAD, bpf.NR_OFFSET),
            instruction(bpf.JMP | bpf.JEQ, 41, 1, 0),
            instruction(bpf.RET, ALLOW),
            instruction(bpf.RET, ERRNO | 1),
        )
    )
    assert emulate(program, SeccompData(41, AUDIT_ARCH_X86_64)).path == (0, 1, 3)
    assert emulate(program, SeccompData(40, AUDIT_ARCH_X86_64)).path == (0, 1, 2)
    assert emulate(program, SeccompData(41, AUDIT_ARCH_X86_64)).value == ERRNO | 1


def test_the_strictest_action_wins_whatever_the_order() -> None:
    order = (ALLOW, LOG, TRACE, NOTIFY, ERRNO, TRAP, KILL_THREAD, KILL_PROCESS)
    for weak, strict in itertools.pairwise(order):
        assert strictest([weak, strict]) == strictest([strict, weak]) == strict


def test_among_equal_actions_the_newest_filter_gives_the_data() -> None:
    assert Emulator([answering(ERRNO | 1), answering(ERRNO | 2), answering(ALLOW)]).value(AUDIT_ARCH_X86_64, 0, 0, (0,) * 6) == ERRNO | 2


def test_no_filter_allows() -> None:
    assert Emulator([]).value(AUDIT_ARCH_X86_64, 0, 0, (0,) * 6) == ALLOW
    assert Emulator([]).values(np.zeros(2, CALLS)).tolist() == [ALLOW, ALLOW]


def test_a_filter_that_the_kernel_refuses_is_refused() -> None:
    with pytest.raises(ProgramError):
        Emulator([encode_program((instruction(bpf.LOAD, 0),))])


def test_it_knows_which_calls_depend_on_their_arguments() -> None:
    emulator = Emulator([build_filter(policy(rule("socket", "errno:1", arg(0, "==", 2)), rule("mount", "errno:1")))])
    assert emulator.reads_arguments(AUDIT_ARCH_X86_64, 41)
    assert not emulator.reads_arguments(AUDIT_ARCH_X86_64, 165)
    assert not emulator.reads_arguments(AUDIT_ARCH_I386, 41)
    assert emulator.value(AUDIT_ARCH_X86_64, 41, 0, (2, 0, 0, 0, 0, 0)) == ERRNO | 1
    assert emulator.value(AUDIT_ARCH_X86_64, 41, 0, (1 << 32 | 2, 0, 0, 0, 0, 0)) == ALLOW


def as_array(calls: list[SeccompData]) -> "np.ndarray[tuple[int], np.dtype[np.void]]":
    array = np.zeros(len(calls), CALLS)
    for row, call in zip(array, calls, strict=True):
        row["nr"], row["arch"], row["instruction_pointer"], row["args"] = call.nr, call.arch, call.instruction_pointer, call.args
    return array


@pytest.mark.parametrize("seed", range(40))
def test_many_calls_at_once_are_answered_as_one_by_one(seed: int) -> None:
    source = seeded(seed)
    filters = [guarded(random_body(source)) for _ in range(source.choice((1, 1, 3)))]
    calls = random_calls(source, 200)
    expected = [strictest([emulate(program, call).value for program in filters]) for call in calls]
    emulator = Emulator(filters)
    assert emulator.values(as_array(calls)).tolist() == expected
    assert [emulator.value(call.arch, call.nr, call.instruction_pointer, call.args) for call in calls] == expected
    assert emulator.values(as_array(calls)[::-1]).tolist() == expected[::-1]


def test_calls_of_any_number_do_not_fill_the_memory() -> None:
    emulator = Emulator([answering(ERRNO | 1)])
    for nr in range(20_000):
        emulator.value(AUDIT_ARCH_X86_64, nr, 0, (0,) * 6)
    assert len(emulator._constants) <= 16_384
