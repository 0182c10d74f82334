"""What a launch will come to, before it is made: the sets before and after the target's execve, why, and what can be regained."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

from core.observer.wire import Engine
from core.policy.compile import compile_policy
from core.policy.held import Held
from core.policy.identity import ROOT, Caller
from core.policy.model import Policy
from core.policy.target import Target
from core.predict.at_exec import Change, changes
from core.predict.exec import Prediction, predict
from core.predict.launch import before_exec
from core.predict.program import Program
from core.predict.regain import Regain, regainable

_SYS_PTRACE: Final = 1 << 19


@dataclasses.dataclass(frozen=True, slots=True)
class Forecast:
    """A prediction, and on what it rests."""

    prediction: Prediction
    program: Program
    caller: Caller
    """The observer that launches."""
    unprivileged_tracer: bool = False
    """Whether it will be traced by a process without SYS_PTRACE over it."""
    notes: tuple[str, ...] = ()
    """What was assumed or could not be seen, in sentences."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """What becomes of the five sets; none where the kernel will refuse the execve."""
        before, after = self.prediction.before, self.prediction.after
        return changes(before.sets, after.sets, self.prediction.rules) if after is not None else ()

    @property
    def regain(self) -> Regain | None:
        """What the target can still gain; None where the kernel will refuse the execve."""
        after = self.prediction.after
        if after is None:
            return None
        return regainable(after, self.caller.last_capability, unprivileged_tracer=self.unprivileged_tracer)

    def to_json(self) -> dict[str, Any]:
        """`before` and `after` (null where the kernel will refuse the execve), and `rules`, with the notes first."""
        before, after = self.prediction.before, self.prediction.after
        return {
            "before": before.sets.names(),
            "after": after.sets.names() if after is not None else None,
            "rules": [*self.notes, *map(str, self.prediction.rules)],
        }


def forecast(
    policy: Policy,
    target: Target,
    program: Program,
    caller: Caller,
    *,
    engine: Engine,
    filters: Sequence[bytes] = (),
    notes: Sequence[str] = (),
) -> Forecast:
    """What becomes of `target`, whose file is `program`, when an observer that is `caller` launches it. Raises `PolicyError`."""
    spec = compile_policy(policy, target, caller, engine=engine, filters=filters)
    # Whoever made a user namespace holds every capability over it.
    unprivileged = engine == "ptrace" and not caller.held.effective & _SYS_PTRACE and not spec.user_namespace
    prediction = predict(before_exec(spec, caller), program, caller.last_capability, unprivileged_tracer=unprivileged)
    return Forecast(prediction, program, caller, unprivileged, (*notes, program.problem) if program.problem else tuple(notes))


def root_observer(caller: Caller) -> Caller:
    """The same machine's observer if it is started as root: it holds what the bounding set leaves."""
    everything = caller.held.bounding
    held = Held(bounding=everything, permitted=everything, effective=everything, ways=caller.held.ways)
    return dataclasses.replace(caller, observer=ROOT, held=held)
