"""Refusals by Landlock, inferred: nothing else explains them, and the ruleset does not give what the call needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from core.judge import wording
from core.judge.judged import Finding
from core.judge.place import Place, place_of
from core.judge.verdict import Evidence, Gate, Outcome
from core.knowledge.landlock import RIGHTS
from core.knowledge.landlock_calls import TOPOLOGY, Need, need
from core.observer.wire import Landlock

EPERM, EACCES, EXDEV = 1, 13, 18
REFUSALS: Final = (-EPERM, -EACCES, -EXDEV)
"""What Landlock makes a call return."""

RESTRICTING: Final = "landlock_restrict_self"
"""The call by which a thread puts a ruleset on itself."""


def refused(
    call: str, args: Sequence[int], data: Mapping[int, bytes], ret: int, policy: Landlock | None, *, own: bool, checked: bool
) -> Finding | None:
    """For a call that returned one of `REFUSALS`, and no check says why; None: Landlock is not known to refuse it.

    `data`: by the argument's index what it points to, as far as it was captured; `policy`: the ruleset that the policy put on the target; `own`: the target has put one on itself, of which the rules are not known;
    `checked`: every capability check is on record, so that it was not file permissions.
    """
    if call in TOPOLOGY:
        restricted = (policy is not None and policy.handled_fs) or own
        return _finding(wording.landlock_topology(ret, call)) if ret == -EPERM and restricted else None
    needed = need(call, args, data)
    if needed is None or ret == -EPERM:
        return None
    place = place_of(needed, data)
    if place is not None and not place.permitted and ret == -EACCES:
        return None
    if policy is not None:
        finding = _by_name(needed, ret, policy, checked=checked) if place is None else _by_place(needed, ret, policy, place)
        if finding is not None:
            return finding
    return _finding(wording.landlock_own(ret)) if own else None


def _by_place(needed: Need, ret: int, policy: Landlock, place: Place) -> Finding | None:
    lacking = _rights(fs=needed.fs & policy.handled_fs & ~place.rights)
    return _finding(wording.landlock_policy(ret, lacking, place.words)) if lacking else None


def _by_name(needed: Need, ret: int, policy: Landlock, *, checked: bool) -> Finding | None:
    rooted = needed.path.startswith("/")
    given = policy.rights_at(needed.path) if rooted else 0
    lacking = _rights(
        fs=needed.fs & policy.handled_fs & ~given,
        net=needed.net & policy.handled_net & ~sum(rights for port, rights in policy.ports if port == needed.port),
    )
    if lacking and (needed.net or rooted):
        return _finding(wording.landlock_policy(ret, lacking, f"port {needed.port}" if needed.net else needed.path))
    if lacking:
        return _finding(wording.landlock_perhaps(ret, needed.path))
    return _finding(wording.landlock_link(ret, needed.path)) if checked and needed.fs & policy.handled_fs else None


def _rights(fs: int = 0, net: int = 0) -> list[str]:
    # What masks of them let a process do.
    return [right.doing for right in RIGHTS if right.bit & (net if right.kind in ("connect", "bind") else fs)]


def _finding(reason: str) -> Finding:
    return Finding(Gate.OTHER, Outcome.DENIED, Evidence.INFERRED, reason)
