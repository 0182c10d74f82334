"""What the policy comes to, in a few quiet lines below the capabilities: the sets after exec, and the filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from core.judge.verdict import Gate
from core.knowledge.capabilities import Capability
from core.lint.finding import Finding, Severity
from core.policy.identity import Caller
from core.policy.model import Policy
from core.policy.stack import all_rules
from gui.after_exec import Answer, Question, answer
from gui.background import Background
from gui.elided_button import ElidedButton
from gui.gates import GATE_SHAPES, finding_look
from gui.icons import Shape, shape_icon
from gui.labels import ProblemLabel, muted_label, rule_line, strong_label
from gui.lint_report import headline
from gui.naming import named
from gui.panels.exec_details import ExecDetails
from gui.theme import MARGIN, Theme

_QUOTES: Final = "'\""
_DETAILS_HEIGHT: Final = 200
"""At most; longer texts scroll."""
_NO_FINDING: Final = "No finding"
_SIGNS: Final[Mapping[Severity, str]] = {"error": "✕", "warning": "⚠", "info": "○"}
_SHOWN_FINDINGS: Final = 3
"""In the tip; all of them are beside the rules."""


class Card(QWidget):
    """A heading, quiet lines below it, and what is wrong."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = strong_label(title)
        self.head = QHBoxLayout()
        self.head.setSpacing(8)
        self.head.addWidget(self.title)
        self.head.addStretch(1)
        self.lines = muted_label()
        self.problem = ProblemLabel()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(rule_line())
        inner = self.column = QVBoxLayout()
        inner.setContentsMargins(MARGIN, 10, MARGIN, 10)
        inner.setSpacing(4)
        inner.addLayout(self.head)
        inner.addWidget(self._body())
        inner.addWidget(self.problem)
        column.addLayout(inner)

    def _body(self) -> QWidget:
        return self.lines


class AfterExecCard(Card):
    """The sets that the target will hold, computed beside the window: the target's file may lie on a slow disk."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("After exec")
        self._command = ""
        self._asked: tuple[Policy, Caller, bool] | None = None
        self.details = ExecDetails(theme, self)
        self.more = named(QPushButton("&Details…"), "Details of what exec does to the capabilities", "Each set before and after, and why")
        self.more.clicked.connect(self._on_details_wanted)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # a long name must not make the panel wider
        self.head.setStretch(0, 1)
        self.head.setStretch(1, 0)
        self.head.addWidget(self.more)
        self.work = Background(answer, self)
        self.work.done.connect(self._on_answer)

    def set_command(self, command: str) -> None:
        """The target's command line; it may be unfinished."""
        self._command = command
        program = command.split(maxsplit=1)[0].strip(_QUOTES) if command.strip() else ""
        self.title.setText(f"After exec of {PurePath(program).name}" if program else "After exec")
        self.title.setToolTip(program)
        self._ask()

    def show_policy(self, policy: Policy, caller: Caller, *, elsewhere: bool = False) -> None:
        """Computes the sets anew, or says why the policy cannot be had.

        `caller`: the observer that will launch. `elsewhere`: it does so on another machine or in a container.
        """
        self._asked = policy, caller, elsewhere
        self._ask()

    def _ask(self) -> None:
        if self._asked is not None:
            policy, caller, elsewhere = self._asked
            self.work.request(Question(policy, self._command, caller, elsewhere))

    def _on_answer(self, found: Answer) -> None:
        self.problem.show_problem(found.problem)
        self.lines.setText("\n".join(found.lines))
        self.lines.setVisible(found.forecast is not None)
        self.details.show_answer(found)

    def _on_details_wanted(self) -> None:
        self.details.show()
        self.details.raise_()
        self.details.activateWindow()


class SeccompCard(Card):
    """The filter in a line, and what lint finds in another that leads there."""

    findings_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__("Seccomp")
        self._theme = theme
        self._chip = QLabel()
        self._sign = QLabel()
        self.head.insertWidget(1, self._sign)
        self.head.insertWidget(2, self._chip)
        self._mode = "off"
        self._instructions = ""
        self._finding: Finding | None = None
        self.finding = ElidedButton(_NO_FINDING, link=True)
        self.finding.clicked.connect(self.findings_wanted)
        self.column.addWidget(self.finding)
        self.show_findings(())
        theme.changed.connect(self._on_theme_changed)

    def show_policy(self, policy: Policy) -> None:
        seccomp = policy.seccomp
        self._mode = seccomp.mode
        self._chip.setText(seccomp.mode)
        enabled = sum(rule.enabled for rule in all_rules(seccomp))
        filters = f"{len(seccomp.stacked) + 1} filters · " if seccomp.stacked else ""
        rules = f"{filters}{enabled} rule{'' if enabled == 1 else 's'}"
        lines = {
            "off": "no call is judged",
            "strict": "read, write, _exit and sigreturn; anything else kills",
            "filter": f"default {seccomp.default} · {rules}{self._instructions}",
        }
        self.lines.setText(lines[seccomp.mode])
        self._on_theme_changed()

    def show_instructions(self, count: int | None) -> None:
        """The size of the built filter; None: there is none."""
        self._instructions = f" · {count} instructions" if count is not None else ""

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """How many there are, as the tab “Findings” counts them, and the gravest, which is the first."""
        self._finding = findings[0] if findings else None
        count = f"{len(findings)} findings: " if len(findings) > 1 else ""
        tip = "\n\n".join(finding.message for finding in findings[:_SHOWN_FINDINGS])
        words = "" if self._finding is None else f"{_SIGNS[self._finding.severity]} {count}{headline(self._finding)}"
        self.finding.set_words(words or _NO_FINDING, tip)
        self.finding.setVisible(bool(findings))
        self._on_theme_changed()

    def _on_theme_changed(self) -> None:
        tokens = self._theme.tokens
        if self._finding is not None:
            self.finding.setStyleSheet(f"color: {finding_look(self._finding.severity, tokens).ink};")
        on = self._mode != "off"
        ink = tokens.seccomp if on else tokens.muted
        self._sign.setPixmap(shape_icon(GATE_SHAPES[Gate.SECCOMP] if on else Shape.DASH, ink).pixmap(QSize(12, 12)))
        self._chip.setStyleSheet(f"color: {ink};")


class DetailsCard(Card):
    """All that is known of one capability; shown on request."""

    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__("")
        self._theme = theme
        self._close = named(QToolButton(autoRaise=True), "Close the details", "Close (Esc)")
        self._close.clicked.connect(self.closed)
        self.head.addWidget(self._close)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.hide()

    def _body(self) -> QWidget:
        self._reader = QScrollArea(widgetResizable=True)
        self._reader.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._reader.setWidget(self.lines)
        return self._reader

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def show_capability(self, capability: Capability) -> None:
        self.title.setText(f"{capability.name} · {capability.number}")
        parts = [capability.summary]
        if capability.path_to_root:
            parts.append(f"⚠ A way to full root: {capability.path_to_root}")
        if capability.calls:
            parts.append(f"Asked for in {', '.join(capability.calls)}.")
        parts.append(capability.source)
        self.lines.setText("\n\n".join(parts))
        self.lines.setAccessibleName(self.lines.text())
        self._reader.ensureVisible(0, 0)
        self._fit()
        self.show()

    def _fit(self) -> None:
        # As high as the text, unless that would leave the list too little.
        width = self.width() - 2 * MARGIN - self._reader.verticalScrollBar().sizeHint().width()
        text = max(self.lines.heightForWidth(width), self.lines.fontMetrics().height())
        self._reader.setFixedHeight(min(text, self._theme.scaled(_DETAILS_HEIGHT)))

    def _on_theme_changed(self) -> None:
        self._close.setIcon(shape_icon(Shape.CLOSE, self._theme.tokens.muted))
