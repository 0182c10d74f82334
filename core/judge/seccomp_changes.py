"""What would alter a call's fate at the first gate: rules, defaults and modes changed, the filters built again and asked again about this very call."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Final

from core.bpf.answer import Answer, answer_call
from core.bpf.emulate import emulate
from core.bpf.error import FilterError
from core.bpf.stack import build_stack
from core.judge import wording
from core.judge.change import Change, ChangeKind, Expected, Situation
from core.judge.verdict import Evidence, Gate
from core.knowledge.capabilities import capability_name
from core.knowledge.errnos import errno_name
from core.knowledge.privileged_calls import PrivilegedCall, privileged_forms
from core.knowledge.syscalls import arch_name, syscall
from core.policy.action import Action, ActionKind
from core.policy.architectures import covered
from core.policy.model import Rule, Seccomp
from core.policy.rules import matches, resolve_rules
from core.policy.stack import all_rules, layers
from core.policy.toggle import CallAllowed, DefaultAllows, Hold, OtherArchitecturesPass, RuleOff, SeccompOff, Several, Toggle, drops

_PASSING: Final = (ActionKind.ALLOW, ActionKind.LOG)
_MOST_RULES: Final = 8
"""Rules that are looked behind, one after the other; more than this are no accident."""
_SHOWN: Final = 3


def seccomp_changes(situation: Situation) -> Iterator[Change]:
    """For a call that seccomp stopped."""
    answer = answer_call(situation.policy.seccomp, situation.filters, situation.data)
    if situation.event.verdict.own_filter is not None or answer.action.kind in _PASSING:
        yield _out_of_reach(situation)
        return
    found: list[Change] = []
    if answer.rule is not None:
        found += _without_rules(situation, answer.rule)
    elif situation.policy.seccomp.mode != "strict":
        found += _without_default(situation)
    if not any(change.helps for change in found):
        found.append(_toggled(situation, ChangeKind.MODE, "Switch seccomp off", SeccompOff()))
    yield from found
    yield from _capability_too_late(situation)


def rules_that_passed(situation: Situation) -> Iterator[Change]:
    """The policy's rules that speak of this call, which passed them: switching them off would not help."""
    seccomp = situation.policy.seccomp
    if seccomp.mode != "filter" or not situation.event.verdict.judged:
        return
    event, spoken = situation.event, 0
    for layer in layers(seccomp):
        for rule in resolve_rules(layer.filter, situation.data.arch, layer.first_rule):
            if situation.data.nr in rule.nrs and spoken < _SHOWN:
                spoken += 1
                applies = matches(rule, situation.data.nr, situation.data.args)
                why = "it let this call pass" if applies else f"it wants other arguments, and this {event.syscall} passed it"
                yield _would_not(situation, ChangeKind.RULE, f"Switching off rule {rule.number}", why, RuleOff(_rule(seccomp, rule.number)))
    if not spoken:
        yield _would_not(
            situation, ChangeKind.MODE, "Switching seccomp off", "no rule speaks of this call, and it passed the filter", SeccompOff()
        )


@functools.lru_cache(maxsize=64)
def build_programs(seccomp: Seccomp) -> tuple[bytes, ...]:
    """The filters of a seccomp section, oldest first. Raises `FilterError`."""
    return tuple(built.program for built in build_stack(seccomp)) if seccomp.mode == "filter" else ()


def next_question(situation: Situation) -> PrivilegedCall | None:
    """The capability that the call is known to ask for once it runs, where it asks for one."""
    call = situation.event.syscall
    return next((form for form in privileged_forms(call) if all(test.holds(situation.data.args) for test in form.tests)), None)


def hold(situation: Situation, name: str) -> Hold:
    """The toggle by which the target holds a capability (without CAP_)."""
    return Hold(name, None if drops(situation.policy.capabilities, name) else held_names(situation))


def held_names(situation: Situation) -> tuple[str, ...]:
    """What the process held, as far as is known."""
    return tuple(sorted(situation.held.effective)) if situation.held is not None else ()


# ── toggles ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _without_rules(situation: Situation, number: int) -> Iterator[Change]:
    # One rule may stand in front of another: each is looked behind, until the call passes.
    seccomp, off = situation.policy.seccomp, [number]
    while True:
        rules = tuple(RuleOff(_rule(seccomp, one)) for one in off)
        toggle: Toggle = Several(rules) if len(rules) > 1 else rules[0]
        change = _toggled(situation, ChangeKind.RULE, f"Switch off {_rules(off)}", toggle)
        behind = _answer_after(situation, toggle)
        if change.helps or len(off) == 1:
            yield change
        if behind is None or behind.rule is None or change.helps or len(off) == _MOST_RULES:
            break
        off.append(behind.rule)
    if change.helps:
        yield from _and_hold(situation, change)


def _without_default(situation: Situation) -> Iterator[Change]:
    data, seccomp = situation.data, situation.policy.seccomp
    architecture = arch_name(data.arch, data.nr)
    if not all(architecture in covered(layer.filter.architectures, data.arch) for layer in layers(seccomp)):
        yield _toggled(
            situation, ChangeKind.DEFAULT, f"Let calls of other architectures such as {architecture} pass", OtherArchitecturesPass()
        )
        return
    known = syscall(data.arch, data.nr)
    change = _toggled(
        situation, ChangeKind.RULE, f"Add a rule that allows {situation.event.syscall}", CallAllowed(known.name if known else data.nr)
    )
    yield change
    yield _toggled(situation, ChangeKind.DEFAULT, "Make allow the default action", DefaultAllows())
    if change.helps:
        yield from _and_hold(situation, change)


def _toggled(situation: Situation, kind: ChangeKind, sentence: str, toggle: Toggle) -> Change:
    answer = _answer_after(situation, toggle)
    if answer is None:
        effect, expected = "The filter cannot be built then; the Seccomp panel says why.", Expected.STAYS
    elif answer.action.kind in _PASSING and (own := _own_refusal(situation)):
        effect, expected = own, Expected.STAYS
    elif answer.action.kind in _PASSING:
        effect, expected = f"{_passes(situation, answer.action)} {_then(situation)}", Expected.PASSES
    else:
        effect, expected = f"{_decider(situation, toggle, answer)} would still {_verb(answer.action)}.", Expected.STAYS
    return situation.changed(kind, sentence, effect, toggle, evidence=Evidence.COMPUTED, gate=Gate.SECCOMP, expected=expected)


def _and_hold(situation: Situation, change: Change) -> Iterator[Change]:
    # Two gates would say no, one after the other: both toggles, in that order.
    asked, held = next_question(situation), situation.held
    if asked is None or held is None or change.toggle is None or not asked.tests:
        return
    names = [capability_name(number) for number in asked.capabilities]
    if held.effective.intersection(names):
        return
    toggle = Several((change.toggle, hold(situation, names[0])))
    sentence = f"{change.sentence}, and hold {names[0]}"
    effect = f"Both gates would let {situation.event.syscall} pass: seccomp first, then the capability check."
    yield situation.changed(
        ChangeKind.CAPABILITY, sentence, effect, toggle, evidence=Evidence.INFERRED, gate=Gate.SECCOMP, expected=Expected.PASSES
    )


def _capability_too_late(situation: Situation) -> Iterator[Change]:
    asked, held = next_question(situation), situation.held
    if asked is None or held is None or held.effective.intersection(map(capability_name, asked.capabilities)):
        return
    name = capability_name(asked.capabilities[0])
    yield _would_not(
        situation,
        ChangeKind.CAPABILITY,
        f"Holding {name}",
        "seccomp decides before the kernel asks for a capability",
        hold(situation, name),
    )


def _out_of_reach(situation: Situation) -> Change:
    effect = "A filter that the target installed itself stopped the call, and what a program puts on itself no policy takes away."
    if situation.event.verdict.conflict:
        effect = "What was observed contradicts the policy's filters, so nothing that they say can be relied on here."
    return Change(ChangeKind.NOTHING, "No toggle of the policy would", effect, Evidence.COMPUTED, Expected.STAYS, Gate.SECCOMP)


def _would_not(situation: Situation, kind: ChangeKind, doing: str, why: str, toggle: Toggle) -> Change:
    sentence = f"{doing} would not"
    return situation.changed(
        kind,
        sentence,
        f"{sentence}: {why}.",
        toggle,
        evidence=Evidence.COMPUTED,
        gate=situation.event.verdict.gate,
        expected=Expected.STAYS,
    )


def _answer_after(situation: Situation, toggle: Toggle) -> Answer | None:
    seccomp = toggle.apply(situation.policy).seccomp
    try:
        return answer_call(seccomp, build_programs(seccomp), situation.data)
    except FilterError:
        return None


def _own_refusal(situation: Situation) -> str:
    for number, program in situation.own_filters:
        action = Action.from_value(emulate(program, situation.data).value)
        if action.kind not in _PASSING:
            return f"Filter {number} of the target's own would still {_verb(action)}."
    return ""


def _rule(seccomp: Seccomp, number: int) -> Rule:
    return all_rules(seccomp)[number - 1]


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _passes(situation: Situation, action: Action) -> str:
    logged = ", and be logged" if action.kind is ActionKind.LOG else ""
    return f"{situation.event.syscall} would pass seccomp{logged}."


def _then(situation: Situation) -> str:
    asked, held = next_question(situation), situation.held
    if asked is None:
        return "What happens then is not known until it runs."
    numbers = asked.capabilities
    question = f"Then the kernel {'asks' if asked.tests else 'may ask'} for {wording.any_of(numbers)}"
    if held is None:
        return f"{question}."
    if held.effective.intersection(map(capability_name, numbers)):
        return f"{question}, which the process holds."
    return f"{question}, which the process does not hold: {'it would be refused there' if asked.tests else 'it may be refused there'}."


def _decider(situation: Situation, toggle: Toggle, answer: Answer) -> str:
    if answer.rule is not None:
        return f"Rule {answer.rule}"
    seccomp, data = toggle.apply(situation.policy).seccomp, situation.data
    if seccomp.mode == "strict":
        return "Strict mode"
    default = all(arch_name(data.arch, data.nr) in covered(layer.filter.architectures, data.arch) for layer in layers(seccomp))
    return "The default action" if default else "The action for other architectures"


def _verb(action: Action) -> str:
    match action.kind:
        case ActionKind.ERRNO:
            return f"refuse it with {errno_name(action.data)}" if action.data else "answer 0 without running it"
        case ActionKind.TRAP:
            return "trap it with SIGSYS"
        case ActionKind.TRACE:
            return "leave it to a tracer"
        case ActionKind.ASK:
            return "ask about it"
        case ActionKind.KILL_THREAD:
            return "kill the thread"
        case _:
            return "kill the process"


def _rules(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"rule {numbers[0]}"
    *first, last = sorted(numbers)
    return f"rules {', '.join(map(str, first))} and {last}"
