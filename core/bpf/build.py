"""From a policy's seccomp rules to a filter that has been checked to mean them."""

from __future__ import annotations

import dataclasses
import functools

from core.bpf import libseccomp
from core.bpf.assemble import assemble
from core.bpf.error import FilterError
from core.bpf.meaning import Meaning
from core.bpf.verify import check_meaning
from core.policy.model import Filter

__all__ = ["BuiltFilter", "FilterError", "build", "build_filter"]


@dataclasses.dataclass(frozen=True, slots=True)
class BuiltFilter:
    """A filter, checked against its rules."""

    program: bytes
    """struct sock_filter[], to be loaded with seccomp(2)."""
    own: bool
    """Made by our own generator, not by libseccomp."""
    reason: str = ""
    """Where it is `own`: a sentence that says why."""
    idle_rules: tuple[int, ...] = ()
    """Numbers of the rules that do what the default action does: no instruction was made for them."""


@functools.lru_cache(maxsize=32)  # the panel, lint, a plan and a fix ask for the same filters, and checking one takes tens of milliseconds
def build(one: Filter, first_rule: int = 1) -> BuiltFilter:
    """Builds with libseccomp, or with our own generator where libseccomp cannot express the rules or does not get them right.

    `first_rule` is the number of its first rule, where it is not the first filter of a stack. Raises `FilterError` where there is no right
    filter of at most 4096 instructions.
    """
    meaning = Meaning.of(one, first_rule)
    idle = sorted({rule.number for section in meaning.sections for rule in section.rules if rule.action.value == meaning.default})
    try:
        program = libseccomp.export(meaning)
        check_meaning(program, meaning)
    except libseccomp.UnsuitableError as err:
        reason = str(err)
    except ValueError as err:
        reason = f"libseccomp gets it wrong: {err}"
    else:
        return BuiltFilter(program, own=False, idle_rules=tuple(idle))
    program = assemble(meaning)
    check_meaning(program, meaning)
    return BuiltFilter(program, own=True, reason=reason, idle_rules=tuple(idle))


def build_filter(one: Filter) -> bytes:
    """The program of `build`."""
    return build(one).program
