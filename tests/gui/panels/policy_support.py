"""What the tests of the policy's panels share."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QComboBox, QLineEdit, QScrollArea, QScrollBar, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from core.policy.model import Policy
from gui.panels.seccomp import SeccompPanel
from gui.policy_document import PolicyDocument
from gui.theme import Theme

_CONTROLS = (QAbstractButton, QComboBox, QLineEdit, QSpinBox, QAbstractScrollArea)


def shown(qtbot: QtBot, widget: QWidget) -> None:
    """Shows it as the active window: shortcuts and focus work in no other."""
    with qtbot.waitExposed(widget):
        widget.show()
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)


def document_of(policy: Policy) -> PolicyDocument:
    """A document that holds this policy, with nothing to undo."""
    document = PolicyDocument()
    document.set_policy(policy)
    return document


def shown_seccomp_panel(qtbot: QtBot, theme: Theme, document: PolicyDocument, height: int = 760) -> SeccompPanel:
    """The panel as narrow as it is at first, as the active window."""
    panel = SeccompPanel(theme, document)
    qtbot.addWidget(panel)
    panel.resize(288, height)
    shown(qtbot, panel)
    return panel


def unnamed_controls(panel: QWidget) -> list[str]:
    """The controls that a screen reader could not name; Qt's own parts of a control (a combo's line, a table's corner) go with it."""
    return [
        f"{type(control).__name__} in {type(control.parent()).__name__}" for control in _controls(panel) if not control.accessibleName()
    ]


def _controls(panel: QWidget) -> Iterator[QWidget]:
    for kind in _CONTROLS:
        for control in panel.findChildren(kind):
            part_of_control = any(isinstance(owner, _CONTROLS) and not isinstance(owner, QScrollArea) for owner in _owners(control, panel))
            labelled = isinstance(control, QAbstractButton) and bool(control.text())
            if not part_of_control and not labelled and not isinstance(control, QScrollArea | QScrollBar):
                yield control


def _owners(control: QWidget, panel: QWidget) -> Iterator[QWidget]:
    owner = control.parentWidget()
    while owner is not None and owner is not panel:
        yield owner
        owner = owner.parentWidget()
