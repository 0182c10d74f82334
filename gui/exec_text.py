"""What a process became by an exec, as rich text: its command, ids and capability sets, before and after, beside what was predicted."""

from __future__ import annotations

import html

from core.predict.at_exec import AtExec
from core.predict.credentials import SETS, set_text
from core.recording.process_tree import Exec
from gui.sets_table import sets_table
from gui.theme import Tokens


def exec_html(program: Exec, tokens: Tokens) -> str:
    """The whole of it; of a recording without predictions, the sets alone."""
    data = program.data
    state = [f"pid {program.parent.pid}", program.user, program.group]
    state += [f"securebits {data['securebits']:#x}", f"no_new_privs {'on' if data['no_new_privs'] else 'off'}"]
    head = f'<b>{html.escape(program.command)}</b><br><span style="color:{tokens.muted}">{" · ".join(state)}</span>'
    at_exec = AtExec.of(data)
    if at_exec is None:
        return head + _table([_row(name, set_text(getattr(program.sets, name)), tokens) for name in SETS])
    rest = "".join(f'<div style="color:{tokens.muted}">{html.escape(rule.sentence)}</div>' for rule in at_exec.rules if not rule.sets)
    return head + _verdict(at_exec, tokens) + sets_table(at_exec.changes, tokens) + rest


def _verdict(at_exec: AtExec, tokens: Tokens) -> str:
    words = html.escape(at_exec.verdict)
    if at_exec.agrees is False:
        return f'<p style="color:{tokens.killed}"><b>✕ {words}</b></p>'
    return f'<p style="color:{tokens.passed}">✓ {words}</p>' if at_exec.agrees else f'<p style="color:{tokens.muted}">— {words}</p>'


def _row(name: str, text: str, tokens: Tokens) -> str:
    return f'<tr><td style="color:{tokens.muted}; padding-right:16px">{name}</td><td>{html.escape(text)}</td></tr>'


def _table(rows: list[str]) -> str:
    return f'<table style="margin-top:4px">{"".join(rows)}</table>'
