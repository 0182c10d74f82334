"""Several filters together: how they are built, and which of them decides."""

import pytest

from core.bpf.build import FilterError, build_filter
from core.bpf.emulate import Emulator, SeccompData, emulate
from core.bpf.stack import Decision, build_stack, decide
from core.observer.wire import AUDIT_ARCH_I386, AUDIT_ARCH_X86_64
from core.policy.action import Action, ActionKind, parse_action
from core.policy.model import Filter, Rule, Seccomp
from core.policy.stack import layers
from tests.core.bpf.policies import arg, policy, rule

READ, GETPID, KILL, SOCKET = 0, 39, 62, 41
REFUSED = rule("kill", "errno:EPERM")


def stacked(*rules: Rule, default: str = "allow", architectures: tuple[str, ...] = ("native",)) -> Filter:
    return Filter(rules=rules, default=default, architectures=architectures, bad_arch="errno:ENOSYS")


def decided(seccomp: Seccomp, nr: int, arch: int = AUDIT_ARCH_X86_64, first: int = 0) -> tuple[str, int | None, int | None]:
    """(the answer, the number of the filter that gave it, of the rule) for a call with this first argument."""
    args = (first, 0, 0, 0, 0, 0)
    programs = [built.program for built in build_stack(seccomp)]
    values = [emulate(program, SeccompData(nr, arch, 0, args)).value for program in programs]
    decision = decide(seccomp, values, arch, nr, args)
    answer = Action.from_value(Emulator(programs).value(arch, nr, 0, args)).word
    return answer, decision.layer.number if decision.layer else None, decision.rule


def test_each_filter_is_built_as_it_would_be_alone() -> None:
    seccomp = policy(REFUSED, stacked=(stacked(rule("read", "trap"), default="log"),))
    assert [built.program for built in build_stack(seccomp)] == [build_filter(layer.filter) for layer in layers(seccomp)]


def test_idle_rules_are_counted_through_the_filters() -> None:
    seccomp = policy(REFUSED, rule("read", "allow"), stacked=(stacked(), stacked(rule("read", "allow"))))
    assert [built.idle_rules for built in build_stack(seccomp)] == [(2,), (), (3,)]


def test_the_strictest_action_decides_whatever_its_place() -> None:
    trap, errno_ = rule("kill", "trap"), rule("kill", "errno:EPERM")
    assert decided(policy(trap, stacked=(stacked(errno_),)), KILL) == ("trap", 1, 1)
    assert decided(policy(errno_, stacked=(stacked(trap),)), KILL) == ("trap", 2, 2)


def test_of_equal_actions_the_newest_filters_data_counts() -> None:
    seccomp = policy(REFUSED, stacked=(stacked(rule("kill", "errno:EACCES")), stacked(rule("kill", "errno:ENOENT"))))
    assert decided(seccomp, KILL) == ("errno:ENOENT", 3, 3)


def test_the_default_action_of_a_filter_decides_too() -> None:
    seccomp = policy(REFUSED, stacked=(stacked(rule("read", "allow"), rule("seccomp", "allow"), default="errno:ENOSYS"),))
    assert decided(seccomp, KILL) == ("errno:ENOSYS", 2, None)
    assert decided(seccomp, READ) == ("allow", None, 2)


def test_a_call_that_all_let_pass_has_no_decider_but_the_newest_rule_that_says_so() -> None:
    allowing = policy(rule("read", "allow"), rule("seccomp", "allow"), default="errno:EPERM")
    seccomp = policy(*allowing.rules, default="errno:EPERM", stacked=(stacked(REFUSED),))
    assert decided(seccomp, READ) == ("allow", None, 1)
    assert decided(policy(REFUSED, stacked=(stacked(REFUSED),)), READ) == ("allow", None, None)


def test_arguments_choose_the_filter() -> None:
    seccomp = policy(rule("kill", "trap", arg(0, "==", 1)), stacked=(stacked(REFUSED),))
    assert decided(seccomp, KILL, first=1) == ("trap", 1, 1)
    assert decided(seccomp, KILL, first=2) == ("errno:EPERM", 2, 2)


def test_a_filter_that_does_not_cover_the_architecture_answers_with_its_own_action() -> None:
    seccomp = policy(architectures=("native", "x86"), stacked=(stacked(),))
    assert decided(seccomp, 20, AUDIT_ARCH_I386) == ("errno:ENOSYS", 2, None)


def test_one_filter_decides_alone() -> None:
    assert decided(policy(REFUSED), KILL) == ("errno:EPERM", 1, 1)
    assert decide(policy(REFUSED), [parse_action("allow").value], AUDIT_ARCH_X86_64, GETPID, (0,) * 6) == Decision(None, None)


def test_what_cannot_be_built_names_its_filter() -> None:
    many = tuple(rule("ioctl", "errno:1", arg(1, ">", place), arg(1, "<", place)) for place in range(1200))
    with pytest.raises(FilterError, match=r"^seccomp\.stacked\[0\]: "):
        build_stack(policy(stacked=(stacked(*many),)))
    with pytest.raises(FilterError, match=r"^(?!seccomp)"):
        build_stack(policy(*many))


@pytest.mark.parametrize("action", [kind for kind in ActionKind if kind not in (ActionKind.ALLOW, ActionKind.LOG, ActionKind.ASK)])
def test_a_filter_that_those_before_do_not_let_load_is_refused_with_that_sentence(action: ActionKind) -> None:
    word = {"errno": "errno:EPERM", "trace": "trace:1"}.get(action, str(action))
    with pytest.raises(FilterError, match=rf"^seccomp\.stacked\[1\] cannot be loaded: .* with {word}\. Allow seccomp in them"):
        build_stack(policy(stacked=(stacked(rule("seccomp", word)), stacked())))


@pytest.mark.parametrize("word", ["allow", "log"])
def test_an_allow_list_that_lets_seccomp_pass_may_be_stacked_on(word: str) -> None:
    assert len(build_stack(policy(rule("seccomp", word), default="errno:EPERM", stacked=(stacked(),)))) == 2


def test_the_flags_of_the_next_filter_are_what_the_seccomp_call_has() -> None:
    """A filter may refuse some flags only: it is asked about the call that will really be made."""
    refusing = rule("seccomp", "errno:EINVAL", arg(1, "&==", 2, mask=2))
    assert len(build_stack(policy(refusing, stacked=(stacked(),)))) == 2
    with pytest.raises(FilterError, match="cannot be loaded"):
        build_stack(policy(refusing, stacked=(Filter(flags=("log",)),)))
