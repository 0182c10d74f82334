"""Everything else that makes a call fail, and what can be inferred where the kernel's checks cannot be watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from core.judge import wording
from core.judge.judged import Finding
from core.judge.place import EXECUTE, READ, Place, place_of
from core.judge.threads import Held
from core.judge.verdict import Evidence, Gate, Outcome
from core.knowledge.access import ACCESS_MODES, asks_as_real_user
from core.knowledge.capabilities import capability_name, parse_capability
from core.knowledge.landlock_calls import need, writes
from core.knowledge.own_namespace import asks_own_namespace
from core.knowledge.privileged_calls import PrivilegedCall, privileged_call, refusal_errnos

EPERM: Final = 1
EACCES: Final = 13
REFUSALS: Final = (-EPERM, -EACCES)
"""Returns that say "you may not"; any other errno says why the call failed by itself."""

TELLING: Final = np.array([*REFUSALS, *(-errno for errno in refusal_errnos())], np.int64)
"""Returns that may come of a missing capability."""

INITIAL_USER_NAMESPACE: Final = 0xEFFFFFFD
"""Its inode number in every kernel (PROC_USER_INIT_INO, include/linux/proc_ns.h)."""

_DAC: Final = (parse_capability("DAC_OVERRIDE"), parse_capability("DAC_READ_SEARCH"))
"""The second overrides no refusal to write."""

_OF_OWNERS: Final = frozenset(map(parse_capability, ("CHOWN", "FOWNER", "FSETID", "DAC_OVERRIDE", "DAC_READ_SEARCH")))
"""Asked against the namespace of the process itself (capable_wrt_inode_uidgid), where that maps the file's owner; else refused without a question."""

_W_OK: Final = 2
_TWO_PATHS: Final = frozenset({"rename", "renameat", "renameat2", "link", "linkat"})
# Of these only the new path is known to be permitted or not.
_EXECS: Final = frozenset({"execve", "execveat"})


def failed(ret: int, evidence: Evidence) -> Finding:
    """For an ordinary errno."""
    return Finding(Gate.OTHER, Outcome.FAILED, evidence, wording.failed(ret))


def refused(ret: int) -> Finding:
    """For EPERM or EACCES with every check on record, and none of them refused."""
    return Finding(Gate.OTHER, Outcome.DENIED, Evidence.INFERRED, wording.other_refusal(ret))


def inferred(call: str, args: Sequence[int], data: Mapping[int, bytes], ret: int, held: Held, *, own_filter: bool) -> Finding | None:
    """Without checks on record, from the errno, the call, its arguments and the sets held; None: an ordinary errno.

    `data`: by the argument's index what it points to, as far as it was captured. `own_filter`: a filter that the target installed itself may
    have answered.
    """
    known = privileged_call(call, args, -ret, data)
    if ret not in REFUSALS and known is None:
        return None
    if own_filter:
        return _denied(Gate.OTHER, Evidence.UNKNOWN, wording.perhaps_own_filter(ret))
    if known is not None:
        return _privileged(known, ret, held)
    if ret == -EACCES:
        needed = need(call, args, data)
        place = place_of(needed, data) if needed is not None else None
        if needed is None or place is None or (place.permitted and call in _TWO_PATHS):
            overriding = _DAC[:1] if _writes(call, args) else _DAC
            return _permissions(ret, held, overriding, wording.PROBABLY_PERMISSIONS, as_real_user=asks_as_real_user(call, args))
        return _at_place(call, ret, held, place)
    return _denied(Gate.OTHER, Evidence.UNKNOWN, wording.untold(ret))


def _privileged(known: PrivilegedCall, ret: int, held: Held) -> Finding | None:
    numbers = known.capabilities
    holds = _holds(held, numbers)
    elsewhere = not any(asks_own_namespace(known.call, capability_name(number)) for number in numbers)
    foreign = holds is True and elsewhere and held.user_namespace not in (0, INITIAL_USER_NAMESPACE)
    if holds is True and not foreign:
        return (
            None if ret not in REFUSALS else _denied(Gate.OTHER, Evidence.INFERRED, wording.refused_though_held(ret, known.call, numbers))
        )
    if foreign and _OF_OWNERS.issuperset(numbers):
        return _denied(Gate.OTHER, Evidence.INFERRED, wording.refused_unmapped(ret, numbers))
    reason = wording.inferred_capability(known.call, ret, numbers, certain=holds is False, foreign=foreign)
    alternatives = sum(1 << number for number in numbers) if len(numbers) > 1 else 0
    return Finding(Gate.CAPABILITY, Outcome.DENIED, Evidence.INFERRED, reason, numbers[-1], alternatives)


def _writes(call: str, args: Sequence[int]) -> bool:
    mode = ACCESS_MODES.get(call)
    return writes(call, args) if mode is None else bool(args[mode] & _W_OK)


def _at_place(call: str, ret: int, held: Held, place: Place) -> Finding:
    # Where the path leads, and what file permissions give there, was seen.
    if place.permitted:
        return _denied(Gate.OTHER, Evidence.INFERRED, wording.not_permissions(ret, place.words, script=call in _EXECS))
    if place.door:
        return _permissions(ret, held, _DAC, wording.closed(place.door))
    if place.lacking & EXECUTE and not place.executable:
        return _denied(Gate.OTHER, Evidence.INFERRED, wording.not_executable(ret, place.words))
    overriding = _DAC if place.lacking == READ else _DAC[:1]
    return _permissions(ret, held, overriding, wording.not_permitted(place.lacking, place.words))


def _permissions(ret: int, held: Held, overriding: Sequence[int], why: str, *, as_real_user: bool = False) -> Finding:
    missing = [number for number in overriding if held.effective is None or not held.effective >> number & 1]
    if not missing and held.user_namespace not in (0, INITIAL_USER_NAMESPACE):
        return _denied(Gate.OTHER, Evidence.INFERRED, wording.permissions_unmapped(ret, overriding, why))
    alternatives = sum(1 << number for number in missing)
    reason = wording.inferred_permissions(ret, missing, why, as_real_user=as_real_user)
    return Finding(Gate.OTHER, Outcome.DENIED, Evidence.INFERRED, reason, alternatives=alternatives)


def _holds(held: Held, numbers: Sequence[int]) -> bool | None:
    if held.effective is None:
        return None
    return any(held.effective >> number & 1 for number in numbers)


def _denied(gate: Gate, evidence: Evidence, reason: str) -> Finding:
    return Finding(gate, Outcome.DENIED, evidence, reason)
