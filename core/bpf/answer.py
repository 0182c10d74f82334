"""What becomes of one call under a policy's seccomp mode: computed, without running anything."""

from __future__ import annotations

import dataclasses
from typing import Any

from core.bpf.emulate import Emulation, emulate, strictest
from core.bpf.machine import SeccompData
from core.bpf.program import counted
from core.bpf.stack import Decision, decide
from core.knowledge.errnos import errno_meaning
from core.knowledge.strict import STRICT_CALLS
from core.knowledge.syscalls import arch_name, name
from core.policy.action import Action, ActionKind
from core.policy.architectures import covered
from core.policy.model import Seccomp


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What a policy's seccomp mode makes of a call."""

    action: Action
    rule: int | None
    """The rule that decided, from 1; None: the default or bad-architecture action, or strict mode."""
    reason: str
    """Who decided, as the end of a sentence: "by rule 1, after 9 instructions"."""
    emulations: tuple[Emulation, ...] = ()
    """What each filter answered and the path through it, oldest first; the kernel asks all of them."""

    @property
    def instructions(self) -> int:
        """How many the kernel executes for this call, in all filters."""
        return sum(len(emulation.path) for emulation in self.emulations)

    @property
    def action_words(self) -> str:
        """The action, and of an errno what it means: "errno:EPERM (operation not permitted)"."""
        if self.action.kind is not ActionKind.ERRNO:
            return self.action.word
        return f"{self.action.word} ({errno_meaning(self.action.data) if self.action.data else 'success, without running the call'})"

    def to_json(self) -> dict[str, Any]:
        """The object that `gatescope emulate --json` prints."""
        return {"action": str(self.action.kind), "data": self.action.data, "rule": self.rule, "instructions": self.instructions}


def answer_call(seccomp: Seccomp, filters: tuple[bytes, ...], call: SeccompData) -> Answer:
    """What becomes of `call`; `filters` are the programs built from `seccomp`, oldest first, none in the modes without a filter."""
    if seccomp.mode == "strict":
        return _strict(call)
    if not filters:
        return Answer(Action(ActionKind.ALLOW), None, f'since the policy\'s mode is "{seccomp.mode}": there is no filter')
    emulations = tuple(emulate(program, call) for program in filters)
    values = [emulation.value for emulation in emulations]
    decision = decide(seccomp, values, call.arch, call.nr, call.args)
    steps = counted(sum(len(emulation.path) for emulation in emulations))
    reason = f"{_who(seccomp, decision, call)}, after {steps}"
    return Answer(Action.from_value(strictest(values)), decision.rule, reason, emulations)


def _who(seccomp: Seccomp, decision: Decision, call: SeccompData) -> str:
    if seccomp.stacked and decision.layer is None:
        return "by all filters" if decision.rule is None else f"by all filters, by rule {decision.rule} among them"
    one = decision.layer.filter if decision.layer is not None else seccomp
    whose = f" of filter {decision.layer.number}" if seccomp.stacked and decision.layer is not None else ""
    if decision.rule is not None:
        return f"by rule {decision.rule}{whose}"
    architecture = arch_name(call.arch, call.nr)
    if architecture in covered(one.architectures, call.arch):
        return f"by the default action{whose}"
    return f"by the bad-architecture action{whose}, since the filter does not cover {architecture}"


def _strict(call: SeccompData) -> Answer:
    allowed = STRICT_CALLS.get(arch_name(call.arch, call.nr), ())
    if name(call.arch, call.nr) in allowed:
        return Answer(Action(ActionKind.ALLOW), None, f"since it is one of strict mode's four calls: {', '.join(allowed)}")
    four = f": {', '.join(allowed)}" if allowed else ", and none of this architecture"
    return Answer(Action(ActionKind.KILL_THREAD), None, f"by SIGKILL, since strict mode has four calls only{four}")
