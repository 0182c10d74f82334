"""The built filter: its size, its program, and the path that a call takes through it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.bpf.answer import Answer
from core.bpf.program import counted
from core.knowledge.strict import STRICT_CALLS, STRICT_MEANINGS
from core.policy.architectures import NATIVE
from core.policy.model import Seccomp
from gui.filter_listing import FilterListing
from gui.filter_report import BuiltLines, FilterReport
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
        self._place = 0
        self.trial = TryCall(theme)
        self.size_label = QLabel()
        self.size_label.setProperty("muted", True)
        self.path_only = named(QCheckBox("Only its path"), "Show only the instructions that the call executes")
        self.follow = named(QCheckBox("Follow the log"), "Follow the log", "Try each call that is chosen in the log")
        self.problem = ProblemLabel()
        self.note = muted_label()
        self.program = FilterListing(theme, "The built filter, disassembled")
        self._lay_out()
        self.trial.answered.connect(self._show_program)
        self.trial.rule_wanted.connect(self.rule_wanted)
        self.path_only.toggled.connect(self._show_program)

    def show_report(self, report: FilterReport) -> None:
        """The program of the chosen filter, or the problem in its place."""
        self._report = report
        self.problem.show_problem(report.problem)
        self._say("")
        self._show_size()
        if report.filters:
            self.trial.set_policy(report.seccomp, report.programs)
        else:
            self.trial.set_unready()

    def show_filter(self, place: int) -> None:
        """The filter at this place of the stack."""
        self._place = place
        self._show_size()
        self._show_program()

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
        said = QVBoxLayout()
        said.setContentsMargins(MARGIN, 8, MARGIN, 4)
        said.setSpacing(6)
        boxes = QHBoxLayout()
        boxes.setSpacing(MARGIN)
        boxes.addWidget(self.follow)
        boxes.addWidget(self.path_only)
        boxes.addStretch(1)
        said.addWidget(self.trial)
        said.addLayout(boxes)
        for widget in (self.problem, self.size_label, self.note):
            said.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(said)
        column.addWidget(self.program, 1)
        column.addStretch(0)

    @property
    def _built(self) -> BuiltLines | None:
        filters = self._report.filters
        return filters[self._place] if self._place < len(filters) else None

    def _show_size(self) -> None:
        built = self._built
        size = counted(len(built.lines)) if built is not None else ""
        several = len(self._report.filters) > 1
        parts = [
            f"{size} of {self._report.instructions}" if several else size,
            "own generator" if built is not None and built.own_reason else "",
        ]
        self.size_label.setText(" · ".join(filter(None, parts)))
        self.size_label.setToolTip(_maker(built) if built is not None else "")

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _show_program(self) -> None:
        lines = self._built.lines if self._built is not None else ()
        path = _path(self.trial.answer, self._place)
        executed = frozenset(path)
        shown = tuple(line for line in lines if line.index in executed) if executed and self.path_only.isChecked() else lines
        self.program.show_lines(shown, path)
        self.program.setVisible(bool(lines))
        self.path_only.setVisible(bool(executed and lines))


def _maker(built: BuiltLines) -> str:
    return f"Made by Gatescope's own generator: {built.own_reason}." if built.own_reason else "Made by libseccomp."


def _path(answer: Answer | None, place: int) -> tuple[int, ...]:
    emulations = answer.emulations if answer is not None else ()
    return emulations[place].path if place < len(emulations) else ()


def strict_text() -> str:
    """Strict mode's four calls, and what is left of each."""
    return "\n".join([_STRICT, *(f"{call}: {STRICT_MEANINGS[call]}" for call in STRICT_CALLS[NATIVE])])
