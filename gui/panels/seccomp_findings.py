"""What lint says of the policy: each finding with its reason, the way to its rule, and a fix to click."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QListView, QPushButton, QScrollArea, QSplitter, QVBoxLayout, QWidget

from core.lint.finding import Finding
from core.policy.stack import all_rules
from gui.delegates.finding import FindingDelegate
from gui.labels import muted_label, plain_label
from gui.lint_report import LintReport
from gui.models.finding_model import FindingModel, Role
from gui.naming import named
from gui.policy_document import PolicyDocument
from gui.theme import MARGIN, Theme

_LEAST_HEIGHT: Final = 48
_NOTHING: Final = "Nothing to say about this policy: the rules do what they seem to."
_NO_RULES: Final = "Once there are rules, what does not do what it seems to is told here, with a fix."
_WAITING: Final = "Looking…"


class FindingsView(QWidget):
    """The list, and below it all of the chosen finding."""

    rule_wanted = Signal(int)
    """The number of a rule that is to be shown."""

    def __init__(self, theme: Theme, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._report = LintReport(document.policy)
        self.model = FindingModel(self)
        self.list = named(QListView(), "Findings: what does not do what it seems to")
        self.list.setModel(self.model)
        self.list.setItemDelegate(FindingDelegate(theme, self.list))
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.note = muted_label(_WAITING)
        self.message = plain_label()
        self.fix = named(QPushButton("Fix"), "Fix the finding")
        self.show_rule = named(QPushButton("Show the rule"), "Show the finding's rule", "Show the rule (Return)")
        self._fix_text = muted_label()
        self.fix_action = QAction("Fix the finding", self.list)
        self._lay_out()
        self._connect()
        theme.changed.connect(self.list.doItemsLayout)
        self._on_current_changed()

    def show_report(self, report: LintReport) -> None:
        """Findings on the policy as it is now."""
        self._report = report
        row = self.list.currentIndex().row()
        self.model.set_findings(report.findings)
        if report.findings:
            self.list.setCurrentIndex(self.model.index(max(0, min(row, len(report.findings) - 1)), 0))
        self._say(_NOTHING if all_rules(report.policy.seccomp) else _NO_RULES)
        self._on_current_changed()

    def policy_changed(self) -> None:
        """What is shown may not hold any more, and its fixes start from another policy: they wait for the next report."""
        self._on_current_changed()

    def current(self) -> Finding | None:
        """The chosen finding."""
        finding: Finding | None = self.list.currentIndex().data(Role.FINDING)
        return finding

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.fix)
        buttons.addWidget(self.show_rule)
        buttons.addStretch(1)
        content = QWidget()
        inner = QVBoxLayout(content)
        inner.setContentsMargins(MARGIN, 8, MARGIN, 8)
        inner.setSpacing(8)
        inner.addWidget(self.message)
        inner.addWidget(self._fix_text)
        inner.addStretch(1)
        self._reader = named(QScrollArea(widgetResizable=True), "The chosen finding")
        self._reader.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._reader.setWidget(content)
        buttons.setContentsMargins(MARGIN, 4, MARGIN, 8)
        below = QWidget()
        lower = QVBoxLayout(below)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.setSpacing(0)
        lower.addWidget(self._reader, 1)
        lower.addLayout(buttons)
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self.list)
        self._splitter.addWidget(below)
        for each in (self.list, self._reader):
            each.setMinimumHeight(_LEAST_HEIGHT)
        self._splitter.setSizes([800, 1000])
        self.note.setContentsMargins(MARGIN, 8, MARGIN, 8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.note)
        column.addWidget(self._splitter, 1)
        column.addStretch(0)

    def _connect(self) -> None:
        self.fix_action.setShortcut(QKeySequence("Ctrl+Return"))
        self.fix_action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.list.addAction(self.fix_action)
        self.fix_action.triggered.connect(self._on_fix)
        self.fix.clicked.connect(self._on_fix)
        self.show_rule.clicked.connect(self._on_show_rule)
        self.list.activated.connect(self._on_show_rule)
        self.list.selectionModel().currentChanged.connect(self._on_current_changed)
        self.model.modelReset.connect(self._on_current_changed)

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(not self._report.findings)
        self._splitter.setVisible(bool(self._report.findings))

    def _fixable(self, finding: Finding | None) -> bool:
        # A fix is a whole policy: on another one than it was made from, it would take back what the user did since.
        return finding is not None and finding.fix is not None and self._report.policy == self._document.policy

    def _on_current_changed(self, _current: QModelIndex | None = None) -> None:
        finding = self.current()
        fix = finding.fix if finding is not None else None
        self.message.setText(finding.message if finding is not None else "")
        self._fix_text.setText(fix.text if fix is not None else "")
        self._fix_text.setVisible(fix is not None)
        self.fix.setVisible(fix is not None)
        self.fix.setEnabled(self._fixable(finding))
        self.fix.setToolTip(f"{fix.text} (Ctrl+Return; undo takes it back)" if fix is not None else "")
        self.fix_action.setEnabled(self.fix.isEnabled())
        self.show_rule.setVisible(finding is not None and finding.rule is not None)
        self.show_rule.setEnabled(self._report.policy == self._document.policy)
        self._reader.verticalScrollBar().setValue(0)

    def _on_fix(self) -> None:
        finding = self.current()
        if finding is not None and finding.fix is not None and self._fixable(finding):
            self._document.edit(f"fix: {finding.fix.text.rstrip('.')}", finding.fix.policy)

    def _on_show_rule(self) -> None:
        finding = self.current()
        if finding is not None and finding.rule is not None:
            self.rule_wanted.emit(finding.rule)
