"""The filters of a policy, built and read: what the seccomp panel shows of them."""

from __future__ import annotations

import dataclasses
import itertools

from core.bpf.cost import Cost, costs
from core.bpf.disassemble import Line, disassemble
from core.bpf.stack import build_stack
from core.knowledge.syscalls import ARCHES
from core.policy.architectures import NATIVE
from core.policy.model import Seccomp
from core.policy.rules import resolve_rules
from core.policy.stack import layers


@dataclasses.dataclass(frozen=True, slots=True)
class BuiltLines:
    """One filter that was built."""

    program: bytes
    """struct sock_filter[]."""
    lines: tuple[Line, ...]
    own_reason: str
    """Why it was made by Gatescope's own generator and not by libseccomp; empty where libseccomp made it."""


@dataclasses.dataclass(frozen=True, slots=True)
class FilterReport:
    """All filters of a policy, or why there are none."""

    seccomp: Seccomp = dataclasses.field(default_factory=Seccomp)
    """Of which they were built."""
    filters: tuple[BuiltLines, ...] = ()
    """Oldest first."""
    costs: tuple[Cost, ...] = ()
    """Of the common calls, in all filters together."""
    problem: str = ""
    """Why they could not be built, as a sentence."""

    @property
    def programs(self) -> tuple[bytes, ...]:
        return tuple(one.program for one in self.filters)

    @property
    def instructions(self) -> int:
        """Of all filters together."""
        return sum(len(one.lines) for one in self.filters)


def build_report(seccomp: Seccomp) -> FilterReport:
    """Builds, disassembles and counts; what is wrong with the rules is in the report."""
    try:
        built = build_stack(seccomp)
        rules = [resolve_rules(layer.filter, ARCHES[NATIVE], layer.first_rule) for layer in layers(seccomp)]
    except ValueError as err:
        return FilterReport(seccomp, problem=str(err))
    return FilterReport(
        seccomp,
        tuple(BuiltLines(one.program, disassemble(one.program), one.reason) for one in built),
        costs([one.program for one in built], itertools.chain.from_iterable(rules)),
    )
