"""Rules that do nothing, or less than they seem to."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from core.bpf.meaning import Section
from core.bpf.verify import Conflict, conflicts
from core.knowledge.syscalls import name as call_name
from core.lint.cover import implies, opposite
from core.lint.edit import remove, replace, without_calls
from core.lint.finding import Finding, Fix
from core.lint.subject import Part, series
from core.policy.architectures import call_number
from core.policy.model import Rule
from core.policy.overlap import witness
from core.policy.rules import ResolvedRule, expand


def check(part: Part) -> Iterator[Finding]:
    """For each enabled rule: names that are nowhere, tests that never hold, the default's action, other rules that decide in its place."""
    pairs = conflicts(part.built.program, part.layer.filter, part.layer.first_rule)
    for number, rule in part.rules():
        yield from _uncovered(part, number, rule)
        if _never(part, number):
            yield _never_matches(part, number)
        elif number in part.built.idle_rules:
            yield _idle(part, number, rule, pairs)
        else:
            yield from _decided_elsewhere(part, number)
    yield from _partial(part, pairs)


def _uncovered(part: Part, number: int, rule: Rule) -> Iterator[Finding]:
    tables = [table for _, table in part.tables()]
    members = {str(call): expand(msgspec.structs.replace(rule, syscalls=(call,))) for call in rule.syscalls}
    absent = [call for call, calls in members.items() if all(call_number(table, one) is None for one in calls for table in tables)]
    if absent:
        is_one = len(absent) == 1 and not absent[0].startswith("@")
        message = (
            f"{series(absent)} {'is a call' if is_one else 'are calls'} of other architectures than this filter covers ({series(tables)}): "
            f"the rule says nothing for {'it' if is_one else 'them'}."
        )
        fix = Fix(
            f"Take {series(absent)} out of rule {number}.",
            without_calls(part.policy, number, [str(one) for call in absent for one in members[call]]),
        )
        yield Finding("call-uncovered", "warning", number, message, fix)


def _never(part: Part, number: int) -> bool:
    return all(witness(part.resolved(section, number).tests) is None for section in part.meaning.sections)


def _never_matches(part: Part, number: int) -> Finding:
    message = "No arguments pass all tests of this rule at once: all tests of one rule must hold, and rules are alternatives. It never decides a call."
    return Finding("never-matches", "error", number, message, Fix(f"Remove rule {number}.", remove(part.policy, number)))


# ── the default's action ──────────────────────────────────────────────────────────────────────────────────────────


def _idle(part: Part, number: int, rule: Rule, pairs: tuple[Conflict, ...]) -> Finding:
    others = [pair.rule_a + pair.rule_b - number for pair in pairs if number in (pair.rule_a, pair.rule_b) and pair.wins != number]
    if not others:
        message = f"The default action is {rule.action} already: the filter has no instruction for this rule."
        return Finding("equals-default", "info", number, message, Fix(f"Remove rule {number}.", remove(part.policy, number)))
    message = (
        f"The default action is {rule.action} already, so the filter has no instruction for this rule: it makes no exception from "
        f"{_rules(others)}, which {'speaks' if len(others) == 1 else 'speak'} of the same calls and {'decides' if len(others) == 1 else 'decide'} them."
    )
    return Finding("exception-without-effect", "warning", number, message, _exception(part, number, rule, others))


def _exception(part: Part, number: int, rule: Rule, others: list[int]) -> Fix | None:
    # An exception with one test, from one rule without tests for the same calls: that rule for all other arguments.
    other = part.rule(others[0])
    if len(others) > 1 or len(rule.args) != 1 or other.args or set(expand(rule)) != set(expand(other)):
        return None
    operator = opposite(rule.args[0].op)
    if operator is None:
        return None
    narrowed = msgspec.structs.replace(other, args=(msgspec.structs.replace(rule.args[0], op=operator),))
    policy = remove(replace(part.policy, others[0], [narrowed]), number)
    return Fix(f"Let rule {others[0]} speak of all other arguments, and remove rule {number}.", policy)


# ── other rules ───────────────────────────────────────────────────────────────────────────────────────────────────


def _decided_elsewhere(part: Part, number: int) -> Iterator[Finding]:
    resolved = [(section, part.resolved(section, number)) for section in part.meaning.sections]
    places = [(section, rule, nr) for section, rule in resolved for nr in sorted(rule.nrs)]
    lost = [(section, nr, other) for section, rule, nr in places if (other := _decider(part, section, rule, nr)) is not None]
    if not lost:
        return
    others = sorted({other for _, _, other in lost})
    names = list(dict.fromkeys(call_name(section.arch, nr) for section, nr, _ in lost))
    rule = part.rule(number)
    same = all(part.rule(other).action == rule.action for other in others)
    whole = len(lost) == len(places)
    what = "This rule decides nothing" if whole else f"This rule decides nothing for {series(_few(names))}"
    message = f"{what}: {_rules(others)} {'says' if len(others) == 1 else 'say'} {'the same already' if same else 'otherwise, and wins'}."
    fix = (
        Fix(f"Remove rule {number}.", remove(part.policy, number))
        if whole
        else Fix(f"Take {series(_few(names))} out of rule {number}.", without_calls(part.policy, number, names))
    )
    yield Finding("repeats-rule" if same else "shadowed", "info" if same else "warning", number, message, fix)


def _decider(part: Part, section: Section, rule: ResolvedRule, nr: int) -> int | None:
    # The rule that holds wherever this one does, and decides in its place.
    args = witness(rule.tests)
    if args is None:
        return None
    for other in section.by_number[nr]:
        if other.number == rule.number or other.number in part.built.idle_rules or not implies(rule.tests, other.tests):
            continue
        if other.action == rule.action:
            twins = implies(other.tests, rule.tests)
            if not twins or other.number < rule.number:
                return other.number
        elif part.value(section.arch, nr, args) == other.action.value:
            return other.number
    return None


def _partial(part: Part, pairs: tuple[Conflict, ...]) -> Iterator[Finding]:
    for pair in pairs:
        if {pair.rule_a, pair.rule_b} & set(part.built.idle_rules):
            continue
        section = next(section for section in part.meaning.sections if section.arch == pair.witness.arch)
        first, second = part.resolved(section, pair.rule_a), part.resolved(section, pair.rule_b)
        if implies(first.tests, second.tests) or implies(second.tests, first.tests):
            continue  # an exception is meant, or told already
        call = call_name(pair.witness.arch, pair.witness.nr)
        winner = "the default action" if pair.wins is None else f"rule {pair.wins}"
        arguments = ", ".join(map(hex, pair.witness.args))
        message = (
            f"Rules {pair.rule_a} and {pair.rule_b} answer some calls differently, such as {call}({arguments}): there, {winner} decides."
        )
        yield Finding("rules-overlap", "info", pair.rule_b, message)


def _rules(numbers: list[int]) -> str:
    return f"rule {numbers[0]}" if len(numbers) == 1 else f"rules {series([str(number) for number in numbers])}"


def _few(names: list[str]) -> list[str]:
    return names if len(names) <= 5 else [*names[:4], f"{len(names) - 4} more"]
