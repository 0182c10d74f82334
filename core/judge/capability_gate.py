"""The second gate: what the capability checks inside a call say about its result."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

from core.judge import wording
from core.judge.judged import Finding
from core.judge.known_checks import KnownCheck
from core.judge.verdict import Check, Evidence, Gate, Outcome
from core.knowledge.capabilities import parse_capability
from core.knowledge.privileged_calls import REFUSAL_ERRNOS

_DAC: Final = frozenset({parse_capability("DAC_OVERRIDE"), parse_capability("DAC_READ_SEARCH")})
_LARGEST: Final = 63
_AS_REAL_USER: Final = "do_faccessat"
# fs/open.c; with AT_EACCESS as the effective one, which the stack does not tell, and which is rare.
EPERM: Final = 1
EACCES: Final = 13


@dataclasses.dataclass(frozen=True, slots=True)
class Weighed:
    """What the checks of a call come to."""

    finding: Finding | None
    """None: they do not explain the call's errno."""
    checks: tuple[Check, ...]


def weigh(checks: Sequence[KnownCheck], ret: int | None) -> Weighed:
    """Weighs a call's checks in their order, noise not among them; at least one. `ret`: None for a call that did not return."""
    run = _last_run(checks)
    finding = None
    decisive = False
    if ret is not None:
        refused = not run[-1].granted
        failed = -4095 <= ret < 0
        if failed and refused:
            finding = _refusal(run, ret)
            decisive = finding is not None
        elif not failed:
            finding = _success(run, refused=refused)
        if finding is None and failed:
            finding = _unexplained(run[-1], run, ret)
    last = len(checks) - 1
    return Weighed(finding, tuple(check.worded(decisive=decisive and place == last) for place, check in enumerate(checks)))


def _last_run(checks: Sequence[KnownCheck]) -> list[KnownCheck]:
    # Alternatives come in runs: one function asks for one capability after another until one is granted.
    run = [checks[-1]]
    for check in reversed(checks[:-1]):
        same = check.asker == run[0].asker and check.namespace == run[0].namespace
        if not same or check.granted or any(check.capability == later.capability for later in run):
            break
        run.insert(0, check)
    return run


def _numbers(run: Sequence[KnownCheck]) -> list[int]:
    return [check.capability for check in run]


def _mask(numbers: Sequence[int]) -> int:
    return sum(1 << number for number in set(numbers) if number <= _LARGEST)


def _refusal(run: Sequence[KnownCheck], ret: int) -> Finding | None:
    numbers, last = _numbers(run), run[-1]
    if -ret == EACCES and set(numbers) <= _DAC:
        reason = wording.permissions(ret, numbers, foreign=last.foreign, as_real_user=_AS_REAL_USER in last.functions)
        return Finding(Gate.OTHER, Outcome.DENIED, Evidence.OBSERVED, reason, alternatives=_mask(numbers))
    if -ret not in (EPERM, EACCES) and not any(-ret in REFUSAL_ERRNOS.get(number, ()) for number in numbers):
        return None
    reason = wording.refused(numbers, last.asker, foreign=last.foreign)
    capability = last.capability if last.capability <= _LARGEST else -1
    return Finding(Gate.CAPABILITY, Outcome.DENIED, Evidence.OBSERVED, reason, capability, _mask(numbers) if len(numbers) > 1 else 0)


def _success(run: Sequence[KnownCheck], *, refused: bool) -> Finding:
    last = run[-1]
    soft = wording.soft(_numbers(run), last.asker, foreign=last.foreign)
    return Finding(Gate.NONE, Outcome.OK, Evidence.OBSERVED, soft if refused else wording.granted(last.capability, last.asker))


def _unexplained(last: KnownCheck, run: Sequence[KnownCheck], ret: int) -> Finding | None:
    if -ret in (EPERM, EACCES):
        return Finding(Gate.OTHER, Outcome.DENIED, Evidence.INFERRED, wording.refused_in_spite(ret, last.capability))
    if last.granted:
        return None
    return Finding(Gate.OTHER, Outcome.FAILED, Evidence.OBSERVED, wording.unrelated(ret, _numbers(run), last.asker))
