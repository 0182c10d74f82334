"""How a verdict looks: its shape, its word, and its colours. A colour never stands alone."""

from __future__ import annotations

import dataclasses
from typing import Final

from core.judge.verdict import Gate, Outcome, Verdict
from core.lint.finding import Severity
from gui.icons import Shape
from gui.theme import Tokens

GATE_SHAPES: Final = {Gate.SECCOMP: Shape.DIAMOND, Gate.CAPABILITY: Shape.HEXAGON, Gate.OTHER: Shape.CIRCLE}
NAMED_GATES: Final = (Gate.CAPABILITY, Gate.SECCOMP, Gate.OTHER)
"""The gates in the order in which their counts are shown."""


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """What a chip shows."""

    shape: Shape
    word: str
    ink: str
    tint: str


def finding_look(severity: Severity, tokens: Tokens) -> Look:
    """A finding's sign: what keeps a policy from doing what it says is red, what warns amber, and the rest is quiet."""
    match severity:
        case "error":
            return Look(Shape.CROSS, "error", tokens.killed, tokens.killed_tint)
        case "warning":
            return Look(Shape.WARNING, "warning", tokens.capability, tokens.capability_tint)
        case _:
            return Look(Shape.CIRCLE, "info", tokens.muted, tokens.header)


def gate_ink(gate: Gate, tokens: Tokens) -> str:
    """The colour of a gate on the panel's own ground."""
    inks = {Gate.SECCOMP: tokens.seccomp, Gate.CAPABILITY: tokens.capability, Gate.OTHER: tokens.other}
    return inks.get(gate, tokens.text)


def gate_tint(gate: Gate, tokens: Tokens) -> str:
    """The pale ground of a gate."""
    tints = {Gate.SECCOMP: tokens.seccomp_tint, Gate.CAPABILITY: tokens.capability_tint, Gate.OTHER: tokens.other_tint}
    return tints.get(gate, tokens.panel)


def chip_of(verdict: Verdict, tokens: Tokens) -> Look | None:
    """The chip in the log's gate column; None where no gate said no (the call worked, or met an ordinary errno)."""
    word = verdict.gate.word or ""
    match verdict.outcome:
        case Outcome.KILLED:
            return Look(Shape.CROSS, word or "killed", tokens.killed, tokens.killed_tint)
        case Outcome.ANSWERED:
            return Look(Shape.TRIANGLE, "answered", tokens.asked, tokens.passed_tint)
        case Outcome.DENIED | Outcome.TRAPPED if verdict.gate is not Gate.NONE:
            return Look(GATE_SHAPES[verdict.gate], word, gate_ink(verdict.gate, tokens), gate_tint(verdict.gate, tokens))
        case _:
            return None


def result_ink(verdict: Verdict, tokens: Tokens) -> str:
    """The colour of the result's text: the gate's where one said no, quiet for an ordinary errno."""
    if verdict.outcome in (Outcome.FAILED, Outcome.UNFINISHED):
        return tokens.muted
    look = chip_of(verdict, tokens)
    return look.ink if look else tokens.text
