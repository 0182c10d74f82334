"""Whether a capability that a process does not hold can come back to it, without help from outside.

Source: capabilities(7); cap_bprm_creds_from_file in security/commoncap.c: permitted grows only at execve, only out of the bounding and
inheritable sets, and not at all under no_new_privs or a tracer without SYS_PTRACE.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from core.knowledge.capabilities import NAMES, capability_name, capability_names
from core.policy.securebits import SECUREBITS
from core.predict.credentials import Credentials

_NOROOT: Final = SECUREBITS["noroot"]
_NOROOT_LOCKED: Final = SECUREBITS["noroot-locked"]
_SETUID: Final = 1 << 7
_SETPCAP: Final = 1 << 8
_FEW: Final = 6
_TRACED: Final = "Nothing can be regained while it is watched: its tracer has no SYS_PTRACE over it."
_NAMESPACE: Final = "A user namespace of its own gives every capability, but only against what belongs to that namespace."


@dataclasses.dataclass(frozen=True, slots=True)
class Regain:
    """What a process could still gain, or gain back."""

    mask: int
    """Capabilities that are not permitted now and that a later execve could make so, bit n for capability n."""
    gist: str
    """In a sentence or two."""
    sentence: str
    """The whole, in words: with what a user namespace would give."""
    reasons: Mapping[int, str]
    """For each capability that is not permitted now: a sentence that says whether it can come, and why."""


def regainable(after: Credentials, last_capability: int = len(NAMES) - 1, *, unprivileged_tracer: bool = False) -> Regain:
    """What the process with these credentials, and what it executes, could get beyond its permitted set.

    `unprivileged_tracer`: it is traced, by a process without SYS_PTRACE over it.
    """
    missing = ((2 << last_capability) - 1) & ~after.sets.permitted
    within_reach = 0 if after.no_new_privs else missing & (after.sets.bounding | after.sets.inheritable)
    reasons = {number: _reason(number, after) for number in range(last_capability + 1) if missing >> number & 1}
    gist = _gist(missing, within_reach, after)
    if unprivileged_tracer and within_reach:
        gist = f"{_TRACED} Unwatched, {gist}"
        reasons = {number: f"{_TRACED} Unwatched, {reason}" if within_reach >> number & 1 else reason for number, reason in reasons.items()}
        within_reach = 0
    return Regain(within_reach, gist, f"{gist} {_NAMESPACE}" if missing else gist, MappingProxyType(reasons))


def _gist(missing: int, within_reach: int, after: Credentials) -> str:
    if not missing:
        return "Nothing is missing: it holds every capability."
    if after.no_new_privs:
        return "Nothing can be regained: no_new_privs is set, so no execve gives more than is permitted now."
    if not within_reach:
        return "Nothing can be regained: what is missing is neither in the bounding set nor inheritable."
    lost = missing & ~within_reach
    rest = f" Gone for good: {_list(lost)}." if lost else ""
    return f"{_list(within_reach)} can be regained {_way(after)}.{rest}"


def _reason(number: int, after: Credentials) -> str:
    name, bit, sets = capability_name(number), 1 << number, after.sets
    if after.no_new_privs:
        return f"{name} cannot come back: no_new_privs is set, so no execve gives what is not permitted already."
    if sets.bounding & bit or (sets.inheritable & bit and _becomes_root(after)):
        where = "in the bounding set" if sets.bounding & bit else "inheritable"
        return f"{name} can come back {_way(after)}: it is {where}."
    if sets.inheritable & bit:
        return f"{name} can come back by executing a file that has it inheritable: it is in the process's inheritable set."
    return f"{name} cannot come back: it is neither in the bounding set nor inheritable, so neither uid 0 nor a file can give it."


def _way(after: Credentials) -> str:
    if _noroot_stays(after):
        return "by executing a file that has it as a file capability (the securebit noroot takes its power from setuid root)"
    first = "by clearing the securebit noroot, which SETPCAP lets it do, and " if after.securebits & _NOROOT else "by "
    if _becomes_root(after):
        return f"{first}{'executing any program as uid 0' if 0 in (after.uid, after.euid) else 'becoming uid 0 and executing any program'}"
    return f"{first}executing a setuid root program, or a file that has it as a file capability"


def _becomes_root(after: Credentials) -> bool:
    # setresuid takes any of the three ids, or any id at all with SETUID.
    may_be_root = 0 in (after.uid, after.euid, after.suid) or after.sets.permitted & _SETUID
    return bool(may_be_root) and not _noroot_stays(after)


def _noroot_stays(after: Credentials) -> bool:
    may_clear = after.sets.permitted & _SETPCAP and not after.securebits & _NOROOT_LOCKED
    return bool(after.securebits & _NOROOT) and not may_clear


def _list(mask: int) -> str:
    names = capability_names(mask)
    return ", ".join(names) if len(names) <= _FEW else f"{len(names)} capabilities"
