"""The built filter, instruction by instruction."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.filter_builder import FilterReport
from gui.filter_listing import FilterListing
from gui.labels import ProblemLabel, muted_label, strong_label
from gui.theme import MARGIN, Theme


class FilterView(QWidget):
    """The size in instructions as a heading, the program below it, or why there is none."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.size_label = QLabel()
        self.size_label.setProperty("muted", True)
        self.problem = ProblemLabel()
        self.note = muted_label()
        self.program = FilterListing(theme, "The built filter, disassembled")
        self._lay_out()

    def show_report(self, report: FilterReport) -> None:
        """The program, or the problem in its place."""
        count = len(report.lines)
        maker = " · own generator" if report.own_reason else ""
        self.size_label.setText(f"{count} instruction{'' if count == 1 else 's'}{maker}" if count else "")
        self.size_label.setToolTip(
            f"Made by Gatescope's own generator: {report.own_reason}." if report.own_reason else "Made by libseccomp."
        )
        self.problem.show_problem(report.problem)
        self._say("")
        self.program.show_lines(report.lines)
        self.program.setVisible(bool(report.lines))

    def show_none(self, why: str) -> None:
        """There is no filter to show: a quiet sentence."""
        self.show_report(FilterReport())
        self._say(why)

    def text(self) -> str:
        """The program as it is shown."""
        return self.program.toPlainText()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 8, MARGIN, 0)
        head.addWidget(strong_label("The filter"))
        head.addStretch(1)
        head.addWidget(self.size_label)
        said = QVBoxLayout()
        said.setContentsMargins(MARGIN, 0, MARGIN, 0)
        said.addWidget(self.problem)
        said.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(said)
        column.addWidget(self.program, 1)

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))
