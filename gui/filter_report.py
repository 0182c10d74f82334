"""The filter of a policy, built and read: what the seccomp panel shows of it."""

from __future__ import annotations

import dataclasses

from core.bpf.build import build
from core.bpf.cost import Cost, costs
from core.bpf.disassemble import Line, disassemble
from core.knowledge.syscalls import ARCHES
from core.policy.architectures import NATIVE
from core.policy.model import Seccomp
from core.policy.rules import resolve_rules


@dataclasses.dataclass(frozen=True, slots=True)
class FilterReport:
    """A filter that was built, or why there is none."""

    seccomp: Seccomp = dataclasses.field(default_factory=Seccomp)
    """Of which it was built."""
    program: bytes = b""
    """struct sock_filter[]; empty where there is none."""
    lines: tuple[Line, ...] = ()
    costs: tuple[Cost, ...] = ()
    """Of the common calls."""
    problem: str = ""
    """Why it could not be built, as a sentence."""
    own_reason: str = ""
    """Why it was made by Gatescope's own generator and not by libseccomp; empty where libseccomp made it."""
    idle_rules: tuple[int, ...] = ()
    """Numbers of the rules that do what the default action does."""


def build_report(seccomp: Seccomp) -> FilterReport:
    """Builds, disassembles and counts; what is wrong with the rules is in the report."""
    try:
        built = build(seccomp)
        counted = costs([built.program], resolve_rules(seccomp, ARCHES[NATIVE]))
    except ValueError as err:
        return FilterReport(seccomp, problem=str(err))
    return FilterReport(seccomp, built.program, disassemble(built.program), counted, own_reason=built.reason, idle_rules=built.idle_rules)
