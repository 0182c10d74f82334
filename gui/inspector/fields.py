"""Every field of an event as a tree: names, values, and for each capability check its kernel stack."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

from core.event import CallEvent, Event, ProcessEvent
from core.judge.verdict import Check
from core.predict.at_exec import AtExec
from gui.models.log_columns import duration_text


class FieldsModel(QStandardItemModel):
    """Two columns, field and value; what has parts has children."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(0, 2, parent)
        self.show_event(None)

    def show_event(self, event: Event | None, *, unread: tuple[int, ...] = (), sees_checks: bool = True) -> None:
        """Replaces what is shown; None empties it.

        `unread`: the arguments that point to something which was not read; `sees_checks`: whether the engine sees capability checks.
        """
        self.clear()
        self.setHorizontalHeaderLabels(["Field", "Value"])
        if event is None:
            return
        at_exec = AtExec.of(event.data) if isinstance(event, ProcessEvent) else None
        shown_otherwise = {"checks", *(at_exec.to_json() if at_exec is not None else ())}
        for name, value in event.to_json().items():
            if name not in shown_otherwise and value is not None:
                self.appendRow(_field(name, value, unread))
        if isinstance(event, CallEvent):
            self.appendRow(_checks(event.checks, sees_checks=sees_checks))
        if at_exec is not None:
            self.appendRow(_prediction(at_exec))


def _field(name: str, value: Any, unread: tuple[int, ...]) -> list[QStandardItem]:
    row = _row(name, _text(name, value))
    if isinstance(value, dict):
        for key, part in value.items():
            row[0].appendRow(_row(key, _text(key, part)))
    elif name == "args":
        for number, argument in enumerate(value):
            missing = ", a pointer: what it points to was not read" if number in unread else ""
            row[0].appendRow(_row(f"args[{number}]", f"{argument:#x} ({argument}){missing}"))
    return row


def _text(name: str, value: Any) -> str:
    if name == "args":
        return ", ".join(f"{argument:#x}" for argument in value)
    if name == "duration_ns":
        return f"{value:,} ns ({duration_text(value)})"
    if name == "time_ns":
        return f"{value:,} ns ({value / 1e9:.6f} s)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(part) for part in value) or "none"
    if isinstance(value, dict):
        return json.dumps(value)
    if name in ("bounding", "permitted", "effective", "inheritable", "ambient"):
        return f"{value:#x}"
    return str(value)


def _checks(checks: tuple[Check, ...], *, sees_checks: bool) -> list[QStandardItem]:
    none = "none: the kernel asked for no capability" if sees_checks else "not seen: ptrace does not see the kernel's checks"
    row = _row("checks", str(len(checks)) if checks else none)
    for check in checks:
        words = ["granted" if check.granted else "refused", *(["decisive"] if check.decisive else [])]
        item = _row(check.capability, ", ".join(words))
        item[0].appendRow(_row("namespace", f"user:[{check.namespace}]"))
        for depth, function in enumerate(check.stack):
            item[0].appendRow(_row(f"stack[{depth}]", function))
        row[0].appendRow(item)
    return row


def _prediction(at_exec: AtExec) -> list[QStandardItem]:
    row = _row("prediction", at_exec.verdict)
    for change in at_exec.changes:
        surprise = f"; predicted: {change.surprise}" if change.surprise else ""
        item = _row(change.name, f"{change.text}{surprise}")
        for rule in change.rules:
            item[0].appendRow(_row("rule", rule))
        row[0].appendRow(item)
    return row


def _row(name: str, value: str) -> list[QStandardItem]:
    items = [QStandardItem(name), QStandardItem(value)]
    for item in items:
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
    items[1].setToolTip(value)
    return items
