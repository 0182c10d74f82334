"""The built filter: its size, its program, and the path that a call takes through it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.bpf.answer import Answer
from core.knowledge.strict import STRICT_CALLS, STRICT_MEANINGS
from core.policy.architectures import NATIVE
from core.policy.model import Seccomp
from gui.filter_listing import FilterListing
from gui.filter_report import FilterReport
from gui.labels import ProblemLabel, muted_label
from gui.naming import named
from gui.panels.seccomp_try import TryCall
from gui.theme import MARGIN, Theme

_STRICT: Final = "Strict mode is the kernel's own and has no filter. Four calls run; anything else is SIGKILL, and the rules wait:"


class FilterView(QWidget):
    """“Try a call” above the program, or why there is none."""

    rule_wanted = Signal(int)
    """The number of the rule that decided is to be shown."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report = FilterReport()
        self.trial = TryCall(theme)
        self.size_label = QLabel()
        self.size_label.setProperty("muted", True)
        self.path_only = named(QCheckBox("Only its path"), "Show only the instructions that the call executes")
        self.problem = ProblemLabel()
        self.note = muted_label()
        self.program = FilterListing(theme, "The built filter, disassembled")
        self._lay_out()
        self.trial.answered.connect(self._on_answered)
        self.trial.rule_wanted.connect(self.rule_wanted)
        self.path_only.toggled.connect(self._on_answered_again)

    def show_report(self, report: FilterReport) -> None:
        """The program, or the problem in its place."""
        self._report = report
        count = len(report.lines)
        self.size_label.setText(f"{count} instruction{'' if count == 1 else 's'}" if count else "")
        self.size_label.setToolTip("Made by Gatescope's own generator" if report.own_reason else "Made by libseccomp")
        self.problem.show_problem(report.problem)
        self._say(f"Gatescope's own generator made it: {report.own_reason}." if report.own_reason else "")
        if report.program:
            self.trial.set_policy(report.seccomp, (report.program,))
        else:
            self.trial.set_unready()

    def show_none(self, why: str, seccomp: Seccomp | None = None) -> None:
        """There is no filter to show: a quiet sentence; with a policy that needs none, calls can be tried all the same."""
        self.show_report(FilterReport())
        self._say(why)
        if seccomp is not None:
            self.trial.set_policy(seccomp, ())

    def text(self) -> str:
        """The program as it is shown."""
        return self.program.toPlainText()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.size_label)
        head.addStretch(1)
        head.addWidget(self.path_only)
        said = QVBoxLayout()
        said.setContentsMargins(MARGIN, 8, MARGIN, 0)
        said.setSpacing(6)
        for widget in (self.trial, self.problem):
            said.addWidget(widget)
        said.addLayout(head)
        said.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(said)
        column.addWidget(self.program, 1)
        column.addStretch(0)

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _on_answered_again(self) -> None:
        self._on_answered(self.trial.answer)

    def _on_answered(self, answer: Answer | None) -> None:
        lines, path = self._report.lines, answer.path if answer is not None else ()
        executed = frozenset(path)
        shown = tuple(line for line in lines if line.index in executed) if executed and self.path_only.isChecked() else lines
        self.program.show_lines(shown, path)
        self.program.setVisible(bool(lines))
        self.path_only.setVisible(bool(executed and lines))


def strict_text() -> str:
    """Strict mode's four calls, and what is left of each."""
    return "\n".join([_STRICT, *(f"{call}: {STRICT_MEANINGS[call]}" for call in STRICT_CALLS[NATIVE])])
