"""`gatescope emulate`: what a policy's filter makes of one call, without running anything."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import Any, Final

from rich.console import Console

from core.bpf.build import FilterError
from core.bpf.call import parse_call
from core.bpf.disassemble import disassemble
from core.bpf.emulate import Emulation, emulate, strictest
from core.bpf.machine import SeccompData
from core.bpf.stack import Decision, decide
from core.complaint import Complaint
from core.knowledge.errnos import errno_meaning
from core.knowledge.syscalls import arch_name, name
from core.listing import instructions, listing
from core.plan import build_filters
from core.policy.action import Action, ActionKind
from core.policy.architectures import covered
from core.policy.model import Policy, Seccomp
from core.run_command import load_policy

_STRICT_CALLS: Final = frozenset({"read", "write", "exit", "rt_sigreturn"})
_STRICT_CALLS_X86: Final = frozenset({"read", "write", "exit", "sigreturn"})
# mode1_syscalls in kernel/seccomp.c


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What a policy's seccomp mode makes of a call."""

    action: Action
    rule: int | None
    """The rule that decided, from 1; None: the default or bad-architecture action, or strict mode."""
    reason: str
    """Who decided, as the end of a sentence: "by rule 1, after 9 instructions"."""
    emulations: tuple[Emulation, ...] = ()
    """What each filter answered and the path through it, oldest first; the kernel asks them all, newest first."""

    @property
    def instructions(self) -> int:
        """How many the kernel executes for this call, in all filters."""
        return sum(len(emulation.path) for emulation in self.emulations)

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {"action": str(self.action.kind), "data": self.action.data, "rule": self.rule, "instructions": self.instructions}


def run(options: argparse.Namespace) -> int:
    """Returns the exit status. Raises `Complaint`."""
    policy = load_policy(options.policy)
    try:
        call = parse_call(options.call)
        filters = build_filters(policy)
    except FilterError as err:
        raise Complaint(f"{options.policy}: {err}") from err
    except ValueError as err:
        raise Complaint(str(err)) from err
    answer = answer_call(policy, filters, call)
    if options.json:
        print(json.dumps(answer.to_json()))
        return 0
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(f"{options.call.strip()}: {_action_words(answer.action)}, {answer.reason}.")
    for number, (program, emulation) in enumerate(zip(filters, answer.emulations, strict=True), start=1):
        if len(filters) > 1:
            steps = instructions(len(emulation.path))
            console.print(f"\nFilter {number} of {len(filters)} answers {Action.from_value(emulation.value).word}, after {steps}:")
        lines = disassemble(program)
        console.print(listing(lines[index] for index in emulation.path))
    return 0


def answer_call(policy: Policy, filters: tuple[bytes, ...], call: SeccompData) -> Answer:
    """What becomes of `call` under the policy, whose built filters these are."""
    if policy.seccomp.mode == "strict":
        return _strict(call)
    if not filters:
        return Answer(Action(ActionKind.ALLOW), None, 'since the policy\'s mode is "off": there is no filter')
    emulations = tuple(emulate(program, call) for program in filters)
    values = [emulation.value for emulation in emulations]
    decision = decide(policy.seccomp, values, call.arch, call.nr, call.args)
    answer = Answer(Action.from_value(strictest(values)), decision.rule, _who(policy.seccomp, decision, call), emulations)
    return dataclasses.replace(answer, reason=f"{answer.reason}, after {instructions(answer.instructions)}")


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
    return f"by the bad-architecture action{whose}, which does not cover {architecture}"


def _strict(call: SeccompData) -> Answer:
    allowed = _STRICT_CALLS_X86 if arch_name(call.arch, call.nr) == "x86" else _STRICT_CALLS
    if name(call.arch, call.nr) in allowed:
        return Answer(Action(ActionKind.ALLOW), None, f"since it is one of strict mode's four calls: {', '.join(sorted(allowed))}")
    return Answer(Action(ActionKind.KILL_THREAD), None, f"by SIGKILL, since strict mode has four calls only: {', '.join(sorted(allowed))}")


def _action_words(action: Action) -> str:
    if action.kind is not ActionKind.ERRNO:
        return action.word
    return f"{action.word} ({errno_meaning(action.data) if action.data else 'success, without running the call'})"
