"""The five capability sets at an exec as rich text: what became of each, and the rules behind it. Two columns, so that it fits a narrow panel."""

from __future__ import annotations

import html
from collections.abc import Iterable

from core.predict.at_exec import Change
from gui.theme import Tokens


def sets_table(changes: Iterable[Change], tokens: Tokens) -> str:
    """A row a set. What changed is strong; what the kernel made otherwise than predicted is in red, with words."""
    return f'<table style="margin-top:4px">{"".join(_row(change, tokens) for change in changes)}</table>'


def _row(change: Change, tokens: Tokens) -> str:
    text = html.escape(change.text)
    if change.changed:
        text = f'<span style="font-weight:600">{text}</span>'
    if change.surprise:
        text += f'<br><b style="color:{tokens.killed}">✕ predicted: {html.escape(change.surprise)}</b>'
    why = "".join(f'<div style="color:{tokens.muted}">{html.escape(rule)}</div>' for rule in change.rules)
    name = f'<td style="color:{tokens.muted}; padding-right:12px; padding-bottom:4px">{change.name}</td>'
    return f'<tr>{name}<td style="padding-bottom:4px">{text}{why}</td></tr>'
