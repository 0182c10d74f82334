import pytest

from core.bpf.build import FilterError, build, build_filter
from core.bpf.emulate import SeccompData, emulate
from core.bpf.meaning import Meaning
from core.bpf.validate import validate
from core.observer.wire import AUDIT_ARCH_I386, AUDIT_ARCH_X86_64
from core.policy.action import Action, parse_action
from core.policy.model import Seccomp
from tests.core.bpf.policies import arg, policy, random_argument, random_policy, rule
from tests.core.bpf.programs import seeded

ALLOW = parse_action("allow").value


def answer(seccomp: Seccomp, nr: int, *args: int, arch: int = AUDIT_ARCH_X86_64) -> str:
    return Action.from_value(emulate(build_filter(seccomp), SeccompData(nr, arch, 0, (*args, *[0] * (6 - len(args))))).value).word


def test_libseccomp_builds_what_it_can() -> None:
    built = build(policy(rule("socket", "errno:EPERM", arg(0, "==", 2)), rule("mount", "kill-process")))
    assert not built.own
    assert not built.reason


def test_other_architectures_get_the_bad_arch_action() -> None:
    assert answer(policy(rule("socket", "errno:EPERM"), bad_arch="errno:ENOSYS"), 41, arch=AUDIT_ARCH_I386) == "errno:ENOSYS"


def test_a_call_without_a_name_is_built_by_number() -> None:
    assert answer(policy(rule(700, "errno:EPERM")), 700) == "errno:EPERM"


def test_each_architecture_has_its_own_numbers() -> None:
    seccomp = policy(rule("openat", "errno:EPERM"), architectures=("native", "x86"))
    assert answer(seccomp, 257) == "errno:EPERM"
    assert answer(seccomp, 295, arch=AUDIT_ARCH_I386) == "errno:EPERM"
    assert answer(seccomp, 257, arch=AUDIT_ARCH_I386) == "allow"


def test_a_range_is_two_tests_of_one_argument() -> None:
    seccomp = policy(rule("socket", "errno:EPERM", arg(0, ">=", 3), arg(0, "<=", 0x1_0000_0000)))
    assert build(seccomp).own
    values = (2, 3, 0xFFFFFFFF, 0x1_0000_0000, 0x1_0000_0001)
    assert [answer(seccomp, 41, value) for value in values] == ["allow", "errno:EPERM", "errno:EPERM", "errno:EPERM", "allow"]


def test_a_rule_that_does_what_the_default_does_is_left_out_and_named() -> None:
    built = build(policy(rule("socket", "allow"), rule("mount", "errno:EPERM")))
    assert built.idle_rules == (1,)
    assert not built.own


def test_a_rule_without_tests_covers_the_call() -> None:
    assert answer(policy(rule("socket", "errno:1", arg(0, "==", 2)), rule("socket", "errno:2")), 41, 2) == "errno:ENOENT"


def test_what_libseccomp_refuses_as_overlapping_is_tried_in_order() -> None:
    seccomp = policy(rule("socket", "errno:1", arg(0, "==", 3), arg(1, "==", 5)), rule("socket", "errno:2", arg(0, "==", 3)))
    assert build(seccomp).own
    assert answer(seccomp, 41, 3, 5) == "errno:EPERM"
    assert answer(seccomp, 41, 3, 6) == "errno:ENOENT"


def test_two_ordered_comparisons_of_64_bits_are_not_weakened() -> None:
    # libseccomp 2.5.4 lets 0x80000001 pass here.
    seccomp = policy(rule("socket", "trap", arg(1, "<", 1)), rule("socket", "errno:ESRCH", arg(1, "<", 0x1_0000_0003)))
    assert answer(seccomp, 41, 0, 0x80000001) == "errno:ESRCH"


@pytest.mark.parametrize("field", ["default", "bad_arch"])
def test_the_largest_errno_which_libseccomp_refuses_can_be_had_everywhere(field: str) -> None:
    seccomp = policy(rule("socket", "errno:4095"), rule("mount", "allow"), **{field: "errno:4095"})
    assert answer(seccomp, 41) == "errno:4095"
    assert answer(seccomp, 700, arch=AUDIT_ARCH_X86_64 if field == "default" else AUDIT_ARCH_I386) == "errno:4095"


def test_rules_with_masks_on_one_call_come_to_an_end() -> None:
    # libseccomp 2.5.4 loops for ever on some of these.
    for first in (0xFF, 0xFFFFFFFF, 0x1FFFFFFFF, 0x300000003):
        for second in (0xFF, 0xFFFFFFFF, 0x1FFFFFFFF, 0x300000003):
            assert build(
                policy(rule("socket", "errno:1", arg(0, "&==", 1, first)), rule("socket", "errno:2", arg(0, "&==", 3, second)))
            ).own


@pytest.mark.parametrize("seed", range(60))
def test_random_policies_mean_what_they_say(seed: int) -> None:
    source = seeded(seed)
    seccomp = random_policy(source, (41, 42, 500))
    program, meaning = build_filter(seccomp), Meaning.of(seccomp)
    validate(program)
    for _ in range(200):
        arch, nr = source.choice(((AUDIT_ARCH_X86_64, 41), (AUDIT_ARCH_X86_64, 42), (AUDIT_ARCH_X86_64, 500), (AUDIT_ARCH_I386, 359)))
        width = 0xFFFFFFFF if arch == AUDIT_ARCH_I386 else 0xFFFFFFFFFFFFFFFF
        args = tuple(random_argument(source) & width for _ in range(6))
        assert emulate(program, SeccompData(nr, arch, 0, args)).value in meaning.answers(arch, nr, args)


def test_many_rules_far_apart_jump_right() -> None:
    rules = [rule(nr, f"errno:{nr % 100 + 1}", arg(nr % 6, ">", nr << 32), arg(nr % 6, "<", (nr + 9) << 32)) for nr in range(130)]
    built = build(policy(*rules, default="kill-process"))
    assert built.own
    assert emulate(built.program, SeccompData(0, AUDIT_ARCH_X86_64, 0, (1 << 32, 0, 0, 0, 0, 0))).value == 0x50001


def test_a_filter_that_is_too_long_is_refused_in_words() -> None:
    rules = [rule("ioctl", "errno:1", arg(1, ">", nr), arg(1, "<", nr)) for nr in range(1200)]
    with pytest.raises(FilterError, match="the kernel takes 4096"):
        build(policy(*rules))
