"""The form in which a prefix of the user's own is written, through which the observer is started."""

from __future__ import annotations

import shlex
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from core.observer_command import FAR_COMMAND, PREFIXES, PrefixError, is_elsewhere, observer_command
from gui.labels import ProblemLabel, field_label, muted_label
from gui.naming import named

_SIZE: Final = QSize(560, 360)
_INTRODUCTION: Final = (
    "The observer launches the target and watches it. It speaks through its standard streams only, so whatever can start a command can carry it: "
    "ssh host, podman exec -i box, doas."
)
_CHECKED: Final = (
    "When it is started, Gatescope checks that it is an observer of the same version, asks it which engines work for it and what it holds, "
    "and who is asking; what the policy wants beyond that is refused before anything is launched."
)
_ELSEWHERE: Final = "The target, its folder and its users are those of the other side. Gatescope has to be installed there too."


class ObserverDialog(QDialog):
    """Holds a prefix that can carry an observer, or says what is wrong and cannot be accepted."""

    def __init__(self, prefix: str, far_command: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Who runs the observer")
        self.setAccessibleName("Who runs the observer")
        self._prefix = named(QLineEdit(prefix), "The command that starts the observer's command")
        self._prefix.setPlaceholderText("ssh host")
        self._command = named(QLineEdit(far_command), "The observer's command behind it")
        self.problem = ProblemLabel()
        self.outcome = muted_label()
        self._elsewhere = muted_label(_ELSEWHERE)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._lay_out()
        self._prefix.textChanged.connect(self._on_changed)
        self._command.textChanged.connect(self._on_changed)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.resize(_SIZE)
        self._on_changed()

    def prefix(self) -> str:
        """As the field has it now."""
        return self._prefix.text().strip()

    def far_command(self) -> str:
        """As the field has it now; empty: the one that is usual there."""
        return self._command.text().strip()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(field_label("Started &through", self._prefix), self._prefix)
        form.addRow(field_label("&Observer's command", self._command), self._command)
        self._accept = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._accept.setText("Use it")
        self._accept.setProperty("primary", True)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addWidget(muted_label(_INTRODUCTION))
        column.addLayout(form)
        for widget in (self.problem, self.outcome, self._elsewhere, muted_label(_CHECKED)):
            column.addWidget(widget)
        column.addStretch(1)
        column.addWidget(self.buttons)

    def _on_changed(self) -> None:
        problem, command = "", ""
        try:
            if self.prefix() in PREFIXES:
                problem = f"{self.prefix()} has an entry of its own in the menu Run → Observer."
            else:
                command = shlex.join(observer_command(self.prefix(), self.far_command(), terminal=False))
        except PrefixError as err:
            problem = f"{err}."  # it may begin with a program's name
        # An empty form is no mistake yet.
        self.problem.show_problem(problem if self.prefix() else "")
        self.outcome.setText(f"It will run: {command}" if command else "")
        self.outcome.setVisible(bool(command))
        elsewhere = is_elsewhere(self.prefix())
        self._elsewhere.setVisible(elsewhere)
        self._command.setPlaceholderText(FAR_COMMAND if elsewhere else "this installation's")
        self._accept.setEnabled(not problem)
