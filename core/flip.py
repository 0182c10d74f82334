"""Proof by flipping: the same target again, under the run's own policy with exactly one toggle changed."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from core.event import CallEvent
from core.judge.change import Change
from core.judge.proof import Proof, judge_flip, not_testable
from core.knowledge.own_namespace import asks_own_namespace
from core.plan import EngineChoice, Plan, Terminal, UsageProblem, make_plan
from core.policy.model import Policy
from core.policy.toggle import AsRoot, Hold, UserNamespace
from core.recording.same_call import CallKey, find_same, key_of
from core.ways import Ways

if TYPE_CHECKING:
    from core.recording.recording import Recording
    from core.session import Session

_TERMINAL: Final = Terminal()


class NotTestableError(ValueError):
    """The change cannot be tried here; the sentence says why, and what would make it possible."""


@dataclasses.dataclass(frozen=True, slots=True)
class Flip:
    """A second run that is to prove or refute a change."""

    change: Change
    before: CallEvent
    key: CallKey
    """By which the call is found again."""
    plan: Plan
    note: str
    """What is special about the second run; empty where nothing is but the toggle."""

    def result(self, session: Session) -> Proof | None:
        """What the second run has shown so far; None: it may still show it."""
        recording = session.recording
        index = find_same(recording, self.key) if recording is not None else None
        if recording is not None and index is not None:
            after = recording.event(index)
            assert isinstance(after, CallEvent)
            return judge_flip(self.change, self.before, after)
        if session.failure is not None:
            return not_testable(f"The second run could not be made: {session.failure.rstrip('.')}.")
        if session.ending is None:
            return None
        return not_testable(
            f"{self.before.syscall} did not occur again: the second run took another way before it came to that call. {session.ending.sentence}."
        )


def prepare_flip(
    recording: Recording,
    index: int,
    change: Change,
    *,
    privileged: bool,
    ways: Ways,
    environment: Mapping[str, str] = os.environ,
    directory: str | None = None,
    terminal: Terminal = _TERMINAL,
    elsewhere: bool = False,
) -> Flip:
    """The second run for a change to call number `index`, from 0. Raises `NotTestableError`.

    `privileged`: whether the observer will be root's. Where it is not, a capability is held in a user namespace of the target's own, if
    that is where the call asks for it. `ways`: in whose words more privilege is advised.
    """
    before = recording.event(index)
    if not isinstance(before, CallEvent) or change.policy_after is None or not change.provable:
        raise NotTestableError("A second run can only try one toggle of the policy at a time.")
    policy, note = _policy(change, change.policy_after, before.syscall, ways, privileged=privileged)
    try:
        plan = make_plan(
            policy,
            recording.header.argv,
            environment=environment,
            directory=directory,
            engine=cast("EngineChoice", recording.header.engine),
            terminal=terminal,
            elsewhere=elsewhere,
            ways=ways,
        )
    except UsageProblem as err:
        raise NotTestableError(f"The second run cannot be made: {str(err).rstrip('.')}.") from err
    return Flip(change, before, key_of(recording, index), plan, note)


def _policy(change: Change, policy: Policy, call: str, ways: Ways, *, privileged: bool) -> tuple[Policy, str]:
    toggle, as_root = change.toggle, f"Choose {ways.root}, and prove it again."
    if privileged or policy.identity.user_namespace:
        return policy, ""
    if isinstance(toggle, AsRoot):
        raise NotTestableError(f"It needs an observer that is root's. {as_root}")
    if not isinstance(toggle, Hold):
        return policy, ""
    if asks_own_namespace(call, toggle.capability):
        note = f"The target holds {toggle.capability} in a user namespace of its own: that is where {call} asks for it."
        return UserNamespace(own=True).apply(policy), note
    raise NotTestableError(
        f"Nobody but root can give {toggle.capability} here. In a user namespace of its own the target could hold it, but that would be another "
        f"check: {call} asks in the namespace that owns what it is about. {as_root}"
    )
