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
from core.bpf.emulate import emulate
from core.bpf.machine import SeccompData
from core.complaint import Complaint
from core.knowledge.errnos import errno_meaning
from core.knowledge.syscalls import arch_name, name
from core.listing import listing
from core.plan import build_filters
from core.policy.action import Action, ActionKind
from core.policy.architectures import covered
from core.policy.model import Policy
from core.policy.rules import deciding_rule, resolve_rules
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
    path: tuple[int, ...]
    """Indexes of the filter's executed instructions; empty without a filter."""
    reason: str
    """Who decided, as the end of a sentence: "by rule 1, after 9 instructions"."""

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {"action": str(self.action.kind), "data": self.action.data, "rule": self.rule, "instructions": len(self.path)}


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
    if filters:
        lines = disassemble(filters[0])
        console.print(listing(lines[index] for index in answer.path))
    return 0


def answer_call(policy: Policy, filters: tuple[bytes, ...], call: SeccompData) -> Answer:
    """What becomes of `call` under the policy, whose built filters these are."""
    if policy.seccomp.mode == "strict":
        return _strict(call)
    if not filters:
        return Answer(Action(ActionKind.ALLOW), None, (), 'since the policy\'s mode is "off": there is no filter')
    emulation = emulate(filters[0], call)
    action = Action.from_value(emulation.value)
    rule = deciding_rule(resolve_rules(policy.seccomp, call.arch), emulation.value, call.nr, call.args)
    who = f"by rule {rule}" if rule is not None else _nobody(policy, call)
    return Answer(action, rule, emulation.path, f"{who}, after {len(emulation.path)} instructions")


def _nobody(policy: Policy, call: SeccompData) -> str:
    architecture = arch_name(call.arch, call.nr)
    if architecture in covered(policy.seccomp.architectures, call.arch):
        return "by the default action"
    return f"by the bad-architecture action, since the filter does not cover {architecture}"


def _strict(call: SeccompData) -> Answer:
    allowed = _STRICT_CALLS_X86 if arch_name(call.arch, call.nr) == "x86" else _STRICT_CALLS
    if name(call.arch, call.nr) in allowed:
        return Answer(Action(ActionKind.ALLOW), None, (), f"since it is one of strict mode's four calls: {', '.join(sorted(allowed))}")
    return Answer(
        Action(ActionKind.KILL_THREAD), None, (), f"by SIGKILL, since strict mode has four calls only: {', '.join(sorted(allowed))}"
    )


def _action_words(action: Action) -> str:
    if action.kind is not ActionKind.ERRNO:
        return action.word
    return f"{action.word} ({errno_meaning(action.data) if action.data else 'success, without running the call'})"
