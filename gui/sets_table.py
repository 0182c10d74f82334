"""The five capability sets at an exec as rich text: before, after, and the rules behind each change."""

from __future__ import annotations

import html
from collections.abc import Iterable

from core.predict.at_exec import Change
from core.predict.credentials import set_text
from gui.theme import Tokens

_GAP = "padding-right:14px; padding-bottom:5px"


def sets_table(changes: Iterable[Change], tokens: Tokens) -> str:
    """A row a set. What changed is strong; what the kernel made otherwise than predicted is in red, with words."""
    head = "".join(f'<td style="color:{tokens.muted}; {_GAP}">{title}</td>' for title in ("Set", "Before", "After"))
    return f"<table><tr>{head}</tr>{''.join(_row(change, tokens) for change in changes)}</table>"


def _row(change: Change, tokens: Tokens) -> str:
    before = "not recorded" if change.before is None else set_text(change.before)
    after = set_text(change.after)
    after = f"<b>{after}</b>" if change.changed else after
    if change.surprise:
        after += f'<div style="color:{tokens.killed}"><b>✕ predicted: {change.surprise}</b></div>'
    why = "".join(f'<div style="color:{tokens.muted}">{html.escape(rule)}</div>' for rule in change.rules)
    cells = (
        f'<td style="color:{tokens.muted}; {_GAP}">{change.name}</td><td style="{_GAP}">{before}</td><td style="{_GAP}">{after}{why}</td>'
    )
    return f"<tr>{cells}</tr>"
