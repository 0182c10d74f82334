"""What would alter a call's fate at the later gates: capabilities held or not, who the target is, and what no toggle of the policy reaches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.judge import wording
from core.judge.change import Change, ChangeKind, Expected, Situation
from core.judge.seccomp_changes import held_names, hold, next_question
from core.judge.verdict import Check, Evidence, Gate
from core.knowledge.access import asks_as_real_user
from core.knowledge.capabilities import BY_NAME, capability_name, parse_capability
from core.knowledge.noise import alternatives, asking_function
from core.knowledge.own_namespace import asks_own_namespace
from core.policy.toggle import AsRoot, Lack, PathsOff, RootOfNamespace, Several, Toggle, UserNamespace, drops

_DAC: Final = frozenset({"DAC_OVERRIDE", "DAC_READ_SEARCH"})
_SHOWN: Final = 3


def capability_changes(situation: Situation) -> Iterator[Change]:
    """For a call that a capability check refused, or probably did."""
    names = _wanted(situation)
    if _foreign(situation, names):
        yield from _out_of_namespace(situation, names[0])
        return
    if not _says_what_is_held(situation, names):
        yield _nothing(
            "No toggle is known that would",
            f"The policy leaves the capabilities alone, and the process changed its own after its exec: that it lacks {names[0]} is its own doing.",
            situation,
        )
        return
    for name in names:
        others = f" Any one of {wording.any_of([parse_capability(one) for one in names])} would do." if len(names) > 1 else ""
        effect = f"{_where(situation)} would be granted; what {situation.event.syscall} does then is not known until it runs.{others}"
        yield _hold(situation, name, effect, Gate.CAPABILITY)
    yield from _as_root(situation, names, f"Root holds {names[0]}: {_where(situation, start=False)} would be granted.", Gate.CAPABILITY)
    yield from _user_namespace(situation, names)


def permission_changes(situation: Situation) -> Iterator[Change]:
    """For a call that something else refused: file permissions, Landlock, a security module, the arguments."""
    names = [name for name in situation.event.verdict.alternatives if name in _DAC]
    counts = not asks_as_real_user(situation.event.syscall, situation.event.args)
    for name in names if counts and _says_what_is_held(situation, names) else ():
        yield _hold(situation, name, f"{name} overrides file permissions: {BY_NAME[name].governs}.", Gate.OTHER)
    if names:
        yield from _as_root(situation, names, "Root holds what overrides file permissions.", Gate.OTHER)
    by_permissions = bool(names) or wording.blames_permissions(situation.event.verdict.reason)
    if by_permissions:
        yield Change(
            ChangeKind.FILE,
            "Change the file's owner, group or mode",
            "File permissions said no, on the file or on a folder on the way to it: ls -ld shows them, chmod and chown change them.",
            situation.event.verdict.evidence,
            Expected.PASSES,
            Gate.OTHER,
        )
    blamed = "Landlock" in situation.event.verdict.reason
    if situation.policy.paths is not None:
        yield situation.changed(
            ChangeKind.PATHS,
            "Switch Landlock off",
            f"{'T' if blamed else 'If it was the policy that said no, t'}he call would pass without the policy's paths.",
            PathsOff(),
            evidence=situation.event.verdict.evidence if blamed else Evidence.UNKNOWN,
            gate=Gate.OTHER,
            expected=Expected.PASSES,
        )
    if not by_permissions and situation.policy.paths is None:
        yield _nothing(
            "No toggle is known that would",
            f"No capability was seen to be refused. {situation.event.errno or 'The refusal'} comes from permissions, a security module or the arguments.",
            situation,
        )


def granted_changes(situation: Situation) -> Iterator[Change]:
    """For a call that worked, and that needed a capability for it."""
    event = situation.event
    granted = {check.capability: check for check in event.checks if check.granted}
    for name, check in list(granted.items())[:_SHOWN]:
        yield _lack(situation, name, *_without(situation, name, check), Evidence.COMPUTED)
    asked, held = next_question(situation), situation.held
    if not granted and asked is not None and asked.tests and held is not None:
        for name in [name for name in map(capability_name, asked.capabilities) if name in held.effective][:1]:
            effect = f"{event.syscall} asks for it, and would most likely fail."
            yield _lack(situation, name, effect, Expected.STOPS, Evidence.INFERRED)


def failure_changes(situation: Situation) -> Iterator[Change]:
    """For a call that met an ordinary errno."""
    yield _nothing("No toggle of the policy would", "No gate said no: the call ran, and failed by itself.", situation)


# ── toggles ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _hold(situation: Situation, name: str, effect: str, gate: Gate) -> Change:
    observed = situation.event.verdict.evidence is Evidence.OBSERVED
    evidence = Evidence.COMPUTED if observed and gate is Gate.CAPABILITY else Evidence.INFERRED
    toggle = hold(situation, name)
    return situation.changed(ChangeKind.CAPABILITY, f"Hold {name}", effect, toggle, evidence=evidence, gate=gate, expected=Expected.PASSES)


def _lack(situation: Situation, name: str, effect: str, expected: Expected, evidence: Evidence) -> Change:
    toggle = Lack(name, held_names(situation))
    return situation.changed(
        ChangeKind.CAPABILITY, f"Drop {name}", effect, toggle, evidence=evidence, gate=Gate.CAPABILITY, expected=expected
    )


def _without(situation: Situation, name: str, check: Check) -> tuple[str, Expected]:
    # What becomes of a call whose granted capability is dropped: another may do in its place.
    where, held = _asked_in(check, situation.event.syscall), situation.held
    others = [capability_name(number) for number in alternatives(parse_capability(name), asking_function(check.stack))]
    instead = next((other for other in others if held is not None and other in held.effective), None)
    if instead is not None:
        return f"{where} would be refused, and {instead}, which the process holds too, do in its place.", Expected.STAYS
    return f"{where} would be refused, and {situation.event.syscall} most likely fail.", Expected.STOPS


def _as_root(situation: Situation, names: list[str], effect: str, gate: Gate) -> Iterator[Change]:
    # Where the policy names what is held, root holds no more than that.
    identity, held = situation.policy.identity, situation.held
    is_root = identity.user in ("root", 0) or (held is not None and held.uid == 0)
    if is_root or identity.user_namespace or situation.policy.capabilities is not None or not names:
        return
    yield situation.changed(
        ChangeKind.USER, "Run as root", effect, AsRoot(), evidence=Evidence.INFERRED, gate=gate, expected=Expected.PASSES
    )


def _user_namespace(situation: Situation, names: list[str]) -> Iterator[Change]:
    policy, call = situation.policy, situation.event.syscall
    if policy.identity.user_namespace or policy.capabilities is not None:
        return
    toggle = RootOfNamespace()
    if any(asks_own_namespace(call, name) for name in names):
        effect = f"There root holds every capability, and {call} asks for {names[0]} in the process's own user namespace."
        yield _namespace_change(situation, "Run as root of a user namespace of its own", effect, toggle, Expected.PASSES)
    else:
        effect = f"A user namespace of its own would not: {call} asks for {names[0]} in the namespace that owns what it is about, not in the process's own."
        yield _namespace_change(situation, "A user namespace of its own would not", effect, toggle, Expected.STAYS)


def _out_of_namespace(situation: Situation, name: str) -> Iterator[Change]:
    effect = f"The process holds {name} in its own user namespace, but {_where(situation, start=False)} is made against another."
    yield _namespace_change(
        situation,
        f"Run outside the user namespace, and hold {name}",
        f"{effect} Outside, what it holds would count.",
        Several((UserNamespace(own=False), hold(situation, name))),
        Expected.PASSES,
    )


def _namespace_change(situation: Situation, sentence: str, effect: str, toggle: Toggle, expected: Expected) -> Change:
    return situation.changed(
        ChangeKind.NAMESPACE, sentence, effect, toggle, evidence=Evidence.INFERRED, gate=Gate.CAPABILITY, expected=expected
    )


def _nothing(sentence: str, effect: str, situation: Situation) -> Change:
    verdict = situation.event.verdict
    return Change(ChangeKind.NOTHING, sentence, effect, verdict.evidence, Expected.STAYS, verdict.gate)


# ── facts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _wanted(situation: Situation) -> list[str]:
    """The capabilities each of which would do, the one that decided first."""
    verdict = situation.event.verdict
    return list(dict.fromkeys(name for name in (verdict.capability, *verdict.alternatives) if name is not None))


def _says_what_is_held(situation: Situation, names: list[str]) -> bool:
    """Whether it is known what to hold beside: the policy names it, or the process was seen."""
    capabilities = situation.policy.capabilities
    if situation.held is not None:
        return True
    return capabilities is not None and (capabilities.drop is None or any(drops(capabilities, name) for name in names))


def _foreign(situation: Situation, names: list[str]) -> bool:
    held = situation.held
    if situation.policy.identity.user_namespace and held is not None and held.effective.intersection(names):
        return True
    check = _decisive(situation)
    return check is not None and held is not None and held.user_namespace not in (0, check.namespace)


def _decisive(situation: Situation) -> Check | None:
    return next((check for check in situation.event.checks if check.decisive), None)


def _where(situation: Situation, *, start: bool = True) -> str:
    check = _decisive(situation)
    text = _asked_in(check, situation.event.syscall) if check is not None else f"The check that {situation.event.syscall} makes"
    return text if start else text[:1].lower() + text[1:]


def _asked_in(check: Check, call: str) -> str:
    function = asking_function(check.stack)
    return f"The check in {function}" if function else f"The check that {call} makes"
