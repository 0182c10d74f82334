"""What a process became by an exec, as rich text: its command, ids and capability sets, beside what was predicted."""

from __future__ import annotations

import html

from core.policy.expert import EXPERT_SETS
from core.recording.process_tree import Exec, short_set
from gui.theme import Tokens


def exec_html(program: Exec, tokens: Tokens) -> str:
    """The whole of it; what was not predicted stands without a word about that."""
    data = program.data
    state = [f"pid {program.parent.pid}", program.user, program.group]
    state += [f"securebits {data['securebits']:#x}", f"no_new_privs {'on' if data['no_new_privs'] else 'off'}"]
    head = f'<b>{html.escape(program.command)}</b><br><span style="color:{tokens.muted}">{" · ".join(state)}</span>'
    return f"{head}{_prediction(program, tokens)}{_sets(program, tokens)}{_rules(program, tokens)}"


def _prediction(program: Exec, tokens: Tokens) -> str:
    if program.predicted is None:
        return ""
    if program.disagrees:
        return f'<p style="color:{tokens.killed}"><b>✕ The kernel did something else than was predicted</b></p>'
    return f'<p style="color:{tokens.passed}">✓ as predicted</p>'


def _sets(program: Exec, tokens: Tokens) -> str:
    rows = []
    for name in EXPERT_SETS:
        actual = program.capabilities[name]
        cells = [f'<td style="color:{tokens.muted}; padding-right:16px">{name}</td>', f"<td>{short_set(actual)}</td>"]
        if program.predicted is not None and program.predicted[name] != actual:
            words = f"✕ predicted: {short_set(program.predicted[name])}"
            cells.append(f'<td style="color:{tokens.killed}; padding-left:16px"><b>{words}</b></td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _rules(program: Exec, tokens: Tokens) -> str:
    rules = program.data.get("rules") or ()
    return "".join(f'<div style="color:{tokens.muted}">{html.escape(rule)}</div>' for rule in rules)
