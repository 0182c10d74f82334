"""What becomes of one call under a policy's seccomp mode: computed, without running anything."""

from __future__ import annotations

import dataclasses
from typing import Any

from core.bpf.emulate import emulate
from core.bpf.machine import SeccompData
from core.knowledge.errnos import errno_meaning
from core.knowledge.strict import STRICT_CALLS
from core.knowledge.syscalls import arch_name, name
from core.policy.action import Action, ActionKind
from core.policy.architectures import covered
from core.policy.model import Seccomp
from core.policy.rules import deciding_rule, resolve_rules


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What a policy's seccomp mode makes of a call."""

    action: Action
    rule: int | None
    """The rule that decided, from 1; None: the default or bad-architecture action, or strict mode."""
    path: tuple[int, ...]
    """Indexes of the filter's executed instructions; empty without a filter."""
    reason: str
    """Who decided, as the end of a sentence: "by rule 1, after 9 instructions"."""

    @property
    def action_words(self) -> str:
        """The action, and of an errno what it means: "errno:EPERM (operation not permitted)"."""
        if self.action.kind is not ActionKind.ERRNO:
            return self.action.word
        return f"{self.action.word} ({errno_meaning(self.action.data) if self.action.data else 'success, without running the call'})"

    def to_json(self) -> dict[str, Any]:
        """The object that `gatescope emulate --json` prints."""
        return {"action": str(self.action.kind), "data": self.action.data, "rule": self.rule, "instructions": len(self.path)}


def answer_call(seccomp: Seccomp, filters: tuple[bytes, ...], call: SeccompData) -> Answer:
    """What becomes of `call`; `filters` are the programs built from `seccomp`, none in the modes without a filter."""
    if seccomp.mode == "strict":
        return _strict(call)
    if not filters:
        return Answer(Action(ActionKind.ALLOW), None, (), f'since the policy\'s mode is "{seccomp.mode}": there is no filter')
    emulation = emulate(filters[0], call)
    rule = deciding_rule(resolve_rules(seccomp, call.arch), emulation.value, call.nr, call.args)
    who = f"by rule {rule}" if rule is not None else _nobody(seccomp, call)
    return Answer(Action.from_value(emulation.value), rule, emulation.path, f"{who}, after {_instructions(len(emulation.path))}")


def _nobody(seccomp: Seccomp, call: SeccompData) -> str:
    architecture = arch_name(call.arch, call.nr)
    if architecture in covered(seccomp.architectures, call.arch):
        return "by the default action"
    return f"by the bad-architecture action, since the filter does not cover {architecture}"


def _instructions(count: int) -> str:
    return f"{count} instruction{'' if count == 1 else 's'}"


def _strict(call: SeccompData) -> Answer:
    allowed = STRICT_CALLS.get(arch_name(call.arch, call.nr), ())
    if name(call.arch, call.nr) in allowed:
        return Answer(Action(ActionKind.ALLOW), None, (), f"since it is one of strict mode's four calls: {', '.join(allowed)}")
    four = f": {', '.join(allowed)}" if allowed else ", and none of this architecture"
    return Answer(Action(ActionKind.KILL_THREAD), None, (), f"by SIGKILL, since strict mode has four calls only{four}")
