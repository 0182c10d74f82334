import pytest

from core.bpf import libseccomp
from core.bpf import program as bpf
from core.bpf.build import build_filter
from core.bpf.emulate import SeccompData, emulate
from core.bpf.error import FilterError
from core.bpf.meaning import Meaning
from core.bpf.program import decode_program, encode_program, instruction
from core.bpf.verify import conflicts, verify
from core.observer.wire import AUDIT_ARCH_X86_64
from core.policy.model import Seccomp
from tests.core.bpf.policies import arg, policy, rule

POLICY = policy(
    rule("socket", "errno:EPERM", arg(0, "==", 0x1_0000_0002), arg(1, "&==", 0x3, 0x1_0000_000F)),
    rule("mount", "kill-process"),
    rule("prctl", "trap", arg(1, "<=", 0x2_0000_0005)),
)


def test_what_is_built_passes() -> None:
    verify(build_filter(POLICY), POLICY)


def test_every_changed_operand_is_noticed() -> None:
    instructions = decode_program(build_filter(POLICY))
    for index, one in enumerate(instructions):
        if one.code == bpf.RET and one.k == 0x7FFF0000:
            continue
        changed = one._replace(k=one.k ^ 1 if one.code != bpf.LOAD else (one.k + 4) % 64)
        with pytest.raises(ValueError, match=r"the rules mean|jumps"):
            verify(encode_program((*instructions[:index], changed, *instructions[index + 1 :])), POLICY)


def test_the_sentence_names_the_call_and_both_answers() -> None:
    with pytest.raises(FilterError, match=r"mount\(.*\) with allow, but the rules mean kill-process"):
        verify(build_filter(policy(rule("socket", "errno:EPERM"))), policy(rule("socket", "errno:EPERM"), rule("mount", "kill-process")))


def test_a_filter_for_fewer_architectures_is_noticed() -> None:
    wide = Seccomp(mode="filter", architectures=("native", "x86"))
    with pytest.raises(FilterError):
        verify(build_filter(Seccomp(mode="filter")), wide)


def test_a_filter_without_a_look_at_the_architecture_is_noticed() -> None:
    with pytest.raises(FilterError):
        verify(encode_program((instruction(bpf.RET, 0x7FFF0000),)), policy())


def test_weakened_comparisons_of_64_bits_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    # What libseccomp before 2.6.1 makes of these rules, where it is left alone with them; a later one gets them right.
    weak = policy(rule("socket", "trap", arg(1, "<", 1)), rule("socket", "errno:ESRCH", arg(1, "<", 0x1_0000_0003)))
    monkeypatch.setattr(libseccomp, "_refuse_merging", lambda _rules: None)
    program = libseccomp.export(Meaning.of(weak))
    if merges_rightly(program):
        pytest.skip("this libseccomp merges 64-bit comparisons rightly")
    with pytest.raises(FilterError, match="errno:ESRCH"):
        verify(program, weak)


def merges_rightly(program: bytes) -> bool:
    return emulate(program, SeccompData(41, AUDIT_ARCH_X86_64, 0, (0, 0x80000001, 0, 0, 0, 0))).value == 0x50003


def test_conflicts_name_both_rules_a_witness_and_the_winner() -> None:
    seccomp = policy(
        rule("socket", "errno:1", arg(0, "==", 2)),
        rule("socket", "errno:2", arg(1, "==", 3)),
        rule("socket", "errno:1", arg(2, "==", 9)),
    )
    first, second = conflicts(build_filter(seccomp), seccomp)
    assert (first.rule_a, first.rule_b, first.witness.args[:2]) == (1, 2, (2, 3))
    assert first.wins in (1, 2)
    assert (second.rule_a, second.rule_b) == (2, 3)


def test_rules_that_exclude_each_other_are_no_conflict() -> None:
    seccomp = policy(rule("socket", "errno:1", arg(0, "<", 2)), rule("socket", "errno:2", arg(0, ">=", 2)))
    assert conflicts(build_filter(seccomp), seccomp) == ()
