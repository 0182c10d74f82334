"""The emulator, the acceptance checks and built filters, held against the running kernel."""

import platform

import pytest

from core.bpf import program as bpf
from core.bpf.emulate import Emulator
from core.bpf.program import ProgramError, encode_program, instruction
from core.bpf.stack import build_stack
from core.bpf.validate import ALLOWED_CODES, validate
from core.observer.wire import AUDIT_ARCH_I386, AUDIT_ARCH_X86_64
from tests.core.bpf.kernel import accepted, call_data, expected, makes_32_bit_calls, observe
from tests.core.bpf.policies import random_argument, random_stack
from tests.core.bpf.programs import ALLOW, guarded, random_body, random_calls, random_number, seeded
from tests.support.privilege import require

CALLS_A_PROGRAM = 20


@pytest.fixture(scope="module", autouse=True)
def _calls_can_be_made() -> None:
    require(platform.machine() == "x86_64", "the calls are made by machine code for x86_64")
    require(makes_32_bit_calls(), "this kernel takes no 32-bit calls (int 0x80)")


def compare_programs(seeds: range) -> int:
    """The number of calls compared."""
    for seed in seeds:
        source = seeded(seed)
        filters = [guarded(random_body(source)) for _ in range(source.choice((1, 1, 2, 3)))]
        calls = random_calls(source, CALLS_A_PROGRAM)
        emulator = Emulator(filters)
        for call, observed in zip(calls, observe(filters, calls), strict=True):
            value = emulator.value(call.arch, call.nr, call.instruction_pointer, call.args)
            assert observed == expected(value, call), f"seed {seed}: {call} is answered with {value:#x}"
    return len(seeds) * CALLS_A_PROGRAM


def compare_policies(seeds: range, *, most_filters: int = 1) -> int:
    """Policies of up to `most_filters` filters; the number of calls compared."""
    for seed in seeds:
        source = seeded(seed)
        # getpid, and calls that no architecture has.
        seccomp = random_stack(source, (39, 500, 501), source.randrange(most_filters) + 1)
        filters = [built.program for built in build_stack(seccomp)]
        calls = []
        for _ in range(CALLS_A_PROGRAM):
            arch = source.choice((AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64, AUDIT_ARCH_I386))
            nr = source.choice((39, 500, 501, 502)) if arch == AUDIT_ARCH_X86_64 else source.choice((20, 500))
            calls.append(call_data(arch, nr, [random_argument(source) for _ in range(6)]))
        emulator = Emulator(filters)
        for call, observed in zip(calls, observe(filters, calls), strict=True):
            value = emulator.value(call.arch, call.nr, call.instruction_pointer, call.args)
            assert observed == expected(value, call), f"seed {seed}: {call} is answered with {value:#x}"
    return len(seeds) * CALLS_A_PROGRAM


def test_emulator_agrees_with_the_kernel_on_random_programs() -> None:
    assert compare_programs(range(30)) == 600


def test_built_policies_do_in_the_kernel_what_emulation_says() -> None:
    assert compare_policies(range(15)) == 300


def test_stacked_policies_do_in_the_kernel_what_emulation_says() -> None:
    assert compare_policies(range(100, 140), most_filters=4) == 800


@pytest.mark.long
def test_emulator_agrees_with_the_kernel_on_many_random_programs() -> None:
    assert compare_programs(range(1000, 1600)) >= 10_000


@pytest.mark.long
def test_many_built_policies_do_in_the_kernel_what_emulation_says() -> None:
    assert compare_policies(range(1000, 1300)) >= 5_000


@pytest.mark.long
def test_many_stacked_policies_do_in_the_kernel_what_emulation_says() -> None:
    assert compare_policies(range(2000, 2600), most_filters=5) >= 10_000


def compare_acceptance(seed: int, count: int) -> int:
    """How many of `count` random programs the kernel refused."""
    source = seeded(seed)
    codes = sorted(ALLOWED_CODES) * 20 + list(range(256))
    programs = []
    for _ in range(count):
        length = source.randrange(1, 6)
        body = [
            instruction(
                source.choice(codes),
                source.choice((0, 1, 2, 4, 15, 16, 31, 32, 60, 64, random_number(source))),
                source.choice((0, 0, 1, 2, 5)),
                source.choice((0, 0, 1, 2, 5)),
            )
            for _ in range(length)
        ]
        programs.append(encode_program((instruction(bpf.RET, ALLOW), *body, instruction(bpf.RET | source.choice((bpf.K, bpf.A)), 0))))
    refused = 0
    for program, answer in zip(programs, accepted(programs), strict=True):
        try:
            validate(program)
            ours = False
        except ProgramError:
            ours = True
        assert ours == bool(answer), f"the kernel answers {answer} to {program.hex(' ', 8)}"
        refused += ours
    return refused


def test_programs_are_refused_where_the_kernel_refuses_them() -> None:
    assert 100 < compare_acceptance(1, 800) < 700


def test_each_single_instruction_is_refused_where_the_kernel_refuses_it() -> None:
    head, tail = instruction(bpf.RET, ALLOW), instruction(bpf.RET, ALLOW)
    programs = [encode_program((head, instruction(code, 0), tail)) for code in range(256)]
    for code, answer in enumerate(accepted(programs)):
        program = programs[code]
        if answer:
            with pytest.raises(ProgramError):
                validate(program)
        else:
            validate(program)
