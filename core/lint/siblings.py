"""Rules that are walked around through another call that does the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import msgspec

from core.bpf.error import FilterError
from core.knowledge.constants import constant, constants_for
from core.knowledge.errnos import errno_number
from core.lint.cover import implies
from core.lint.edit import replace
from core.lint.families import Family, Form, families, hides, tests_for, tests_of_way, translated
from core.lint.finding import Finding, Fix, Severity
from core.lint.subject import Part, Subject, refusal, series, widest
from core.policy.action import Action, ActionKind, parse_action
from core.policy.model import Policy, Rule
from core.policy.overlap import witness

_FALLBACK = Action(ActionKind.ERRNO, errno_number("ENOSYS"))
# Who answers so means: take another call.
_HIDDEN = "Its flags lie in memory, where no filter can look; programs fall back to the calls that can be judged."


@dataclasses.dataclass(frozen=True, slots=True)
class _Open:
    """A way round, and from where it leads."""

    source: Form
    way: Form
    action: Action
    """What the filter answers there."""


def check(part: Part) -> Iterator[Finding]:
    """One finding for each rule and family in which a sibling gets less than the rule's action."""
    for number, rule in part.rules():
        action = parse_action(rule.action)
        if refusal(action) and action != _FALLBACK:
            for family in families():
                if found := tuple(_ways(part, number, rule, family)):
                    yield _finding(part, number, rule, family, found)


def _ways(part: Part, number: int, rule: Rule, family: Family) -> Iterator[_Open]:
    names = set(part.names(rule))
    for source in family.calls:
        if source.call in names:
            for way in (*family.calls, *family.also):
                if way.call != source.call and (action := _left_open(part, number, source, way, family)):
                    yield _Open(source, way, action)


def _left_open(part: Part, number: int, source: Form, way: Form, family: Family) -> Action | None:
    # What the way gets where the rule refuses the source, if that is less.
    for section, table in part.tables():
        rule, required = part.resolved(section, number), family.required(source)
        if family.tested and not implies(rule.tests, required):
            continue
        args = witness((*rule.tests, *tests_for(source, way), *required))
        if args is None or max(args) > widest(table) or part.subject.answer(table, source.call, args) != rule.action:
            continue
        other = translated(args, source, way)
        action = None if other is None else part.subject.answer(table, way.call, _cut(other, table))
        if action is not None and refusal(action) < refusal(rule.action):
            return action
    return None


def _cut(args: Sequence[int], table: str) -> tuple[int, ...]:
    # AT_FDCWD is -100: in a table of 32 bits, its low half.
    return tuple(arg & widest(table) for arg in args)


# ── words and fixes ───────────────────────────────────────────────────────────────────────────────────────────────


def _finding(part: Part, number: int, rule: Rule, family: Family, found: Sequence[_Open]) -> Finding:
    sources = tuple(dict.fromkeys(one.source.call for one in found))
    ways = tuple(dict.fromkeys(_way_words(one) for one in found))
    rests = "is" if len(sources) == 1 else "are"
    gets = series(tuple(dict.fromkeys(one.action.word for one in found)), "or")
    message = (
        f"{series(sources)} {rests} answered with {rule.action}, but {series(ways)}, {'which' if len(ways) == 1 else 'each of which'} {family.what} too, "
        f"{'gets' if len(ways) == 1 else 'get'} {gets}{' for the same arguments' if rule.args else ''}. {family.why}"
    )
    fix = _fix(part, number, rule, family, found)
    if fix is None:
        message += " No rule added to this one would close that: narrow the rules that let it run."
    hollow = any(one.way.call == family.libc for one in found) and family.libc not in part.names(rule)
    runs = any(one.action.kind is ActionKind.ALLOW for one in found)
    severity: Severity = "info" if rule.action == "log" else "error" if hollow and runs else "warning"
    return Finding(family.code, severity, number, message, fix)


def _way_words(one: _Open) -> str:
    # The commands of fcntl and ioctl; a negative value is AT_FDCWD, which goes without saying.
    words = [_symbol(one.way.call, index, value) for index, value in one.way.fixed.items() if value >= 0]
    return f"{one.way.call} with {words[0]}" if words else one.way.call


def _symbol(call: str, index: int, value: int) -> str:
    return next((name for name in constants_for(call, index) if constant(name) == value), hex(value))


def _fix(part: Part, number: int, rule: Rule, family: Family, found: Sequence[_Open]) -> Fix | None:
    added: dict[Rule, None] = {}
    whole: dict[str, None] = {}
    for one in found:
        if rule.args and hides(one.source, one.way):
            added[Rule(syscalls=(one.way.call,), action=_FALLBACK.word, note=_HIDDEN)] = None
            continue
        tests = tests_of_way(rule.args, one.source, one.way, family)
        if tests is None:
            return None
        if tests or rule.args:
            added[Rule(syscalls=(one.way.call,), action=rule.action, args=tests)] = None
        else:
            whole[one.way.call] = None
    extended = msgspec.structs.replace(rule, syscalls=(*rule.syscalls, *whole))
    kept = [one for one in added if one.syscalls[0] not in whole]
    policy = replace(part.policy, number, [extended, *kept])
    if _is_contested(part, number, found) and not _closes(policy, part, number, family, found):
        return None
    return Fix(_fix_words(number, tuple(whole), tuple(dict.fromkeys(str(one.syscalls[0]) for one in kept))), policy)


def _is_contested(part: Part, number: int, found: Sequence[_Open]) -> bool:
    # Whether another rule of the filter speaks of these ways too, and may win.
    ways = {one.way.call for one in found}
    return any(other != number and ways & set(part.names(rule)) for other, rule in part.rules())


def _closes(policy: Policy, part: Part, number: int, family: Family, found: Sequence[_Open]) -> bool:
    try:
        fixed = Subject(policy).filters[part.layer.number - 1]
    except FilterError:
        return False
    return not any(_left_open(fixed, number, one.source, one.way, family) for one in found)


def _fix_words(number: int, whole: Sequence[str], added: Sequence[str]) -> str:
    parts = [f"add {series(whole)} to rule {number}"] if whole else []
    parts += [f"add a rule for {series(added)} behind rule {number}"] if added else []
    text = ", and ".join(parts)
    return f"{text[0].upper()}{text[1:]}."
