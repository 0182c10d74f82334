"""Behind the gate capability: the checks inside the call, in order, each with who asked, and what that capability is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QToolButton, QVBoxLayout, QWidget

from core.judge.change import Situation
from core.judge.other_gate import INITIAL_USER_NAMESPACE
from core.judge.seccomp_changes import next_question
from core.judge.verdict import Check, Gate
from core.judge.wording import any_of
from core.knowledge.capabilities import BY_NAME
from core.knowledge.noise import asking_function, function_purpose, plain_name
from gui.inspector.detail_page import DetailPage, paragraph
from gui.naming import named
from gui.tab_order import join_tab_order
from gui.theme import GRID, Theme


class ChecksPage(DetailPage):
    """Shows a `Situation`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "capability", parent)
        self._about = paragraph(muted=True)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(3 * GRID)
        self.column.addWidget(self._about)
        self.column.addLayout(self._cards)
        self.column.addStretch(1)

    def cards(self) -> list[CheckCard]:
        """The checks shown, in their order."""
        return self.findChildren(CheckCard)

    def show_situation(self, situation: Situation, *, sees_checks: bool) -> None:
        """The checks of the call, noise set aside; `sees_checks`: whether the engine sees them."""
        while (item := self._cards.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        self._about.setText(about(situation, sees_checks=sees_checks))
        checks = situation.event.checks
        for number, check in enumerate(checks, start=1):
            self._cards.addWidget(CheckCard(self.theme, check, f"{number} of {len(checks)}" if len(checks) > 1 else ""))
        if not checks:
            for name in named_without_checks(situation):
                self._cards.addWidget(CapabilityText(name))
        join_tab_order(self.area)


class CheckCard(QWidget):
    """One check: what it was about, who asked, the way there folded away."""

    def __init__(self, theme: Theme, check: Check, place: str, parent: QWidget | None = None) -> None:
        """`place`: which of several it is; empty where there is one."""
        super().__init__(parent)
        tokens = theme.tokens
        function = asking_function(check.stack)
        verb, ink, sign = ("granted", tokens.passed, "✓") if check.granted else ("refused", tokens.capability, "✕")
        decisive = " · decided the call" if check.decisive else ""
        head = QLabel(f"<b>{check.capability}</b> <span style='color:{ink}'>{sign} {verb}</span>{decisive}", wordWrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        if place:
            column.addWidget(named(QFrame(), "", style="rule"))
            column.addWidget(paragraph(f"Check {place}", muted=True))
        column.addWidget(head)
        if function:
            purpose = function_purpose(function)
            column.addWidget(paragraph(f"Asked in {function}{f': {purpose}' if purpose else ''}."))
        column.addWidget(paragraph(f"Against {namespace_words(check.namespace)}.", muted=True))
        self.unfold = self._unfolder(check, function)
        self.stack = self._stack(theme, check, function)
        column.addWidget(self.unfold, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.stack)
        column.addWidget(CapabilityText(check.capability))

    def _unfolder(self, check: Check, function: str) -> QToolButton:
        button = named(QToolButton(autoRaise=True), f"Kernel stack of the check for {check.capability}", style="fold")
        button.setCheckable(True)
        button.setText(f"{len(check.stack)} kernel functions, to {function or 'the check'}")
        button.setArrowType(Qt.ArrowType.RightArrow)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setVisible(bool(check.stack))
        button.toggled.connect(self._on_unfolded)
        return button

    def _stack(self, theme: Theme, check: Check, function: str) -> QLabel:
        rows = [f"<b>{name}</b> ◂ asked" if plain_name(name) == function else name for name in check.stack]
        label = paragraph("<br>".join(rows), rich=True)
        label.setFont(theme.mono_font)
        label.setAccessibleName(f"Kernel stack: {', '.join(check.stack)}")
        label.hide()
        return label

    def _on_unfolded(self, unfolded: bool) -> None:
        self.unfold.setArrowType(Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow)
        self.stack.setVisible(unfolded)


class CapabilityText(QWidget):
    """What a capability is for, and where it leads."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        known = BY_NAME.get(name)
        if known is None:
            column.addWidget(paragraph(f"Capability {name} has no name yet in this version.", muted=True))
            return
        column.addWidget(paragraph(f"{name}: {known.governs}. {known.summary}", muted=True))
        if known.path_to_root:
            column.addWidget(paragraph(f"⚠ A way to full root: {known.path_to_root}", muted=True))
        column.addWidget(paragraph(f"Source: {known.source}", muted=True))


def about(situation: Situation, *, sees_checks: bool) -> str:
    """What the page shows, or why there is nothing to show."""
    event, asked = situation.event, next_question(situation)
    if event.checks:
        return "What the kernel asked for inside this call, in its order. Questions that cannot decide a call are left out."
    if sees_checks:
        return f"The kernel asked for no capability inside this {event.syscall}."
    known = f"{event.syscall} asks for {any_of(asked.capabilities)} in {asked.source}." if asked is not None else ""
    unseen = "This run was watched by ptrace, which does not see the kernel's checks."
    if event.verdict.gate is not Gate.CAPABILITY:
        return f"{unseen} {known or f'{event.syscall} is not known to ask for a capability.'}"
    inferred = "That one refused is inferred from the errno, the call and what the process held."
    return f"{unseen} {inferred} {known} A second run can prove it: the button is on the page before."


def named_without_checks(situation: Situation) -> list[str]:
    """The capabilities that the verdict names though no check is on record."""
    verdict = situation.event.verdict
    return list(dict.fromkeys(name for name in (verdict.capability, *verdict.alternatives) if name is not None))


def namespace_words(inode: int) -> str:
    """ "the initial user namespace"."""
    return "the initial user namespace" if inode == INITIAL_USER_NAMESPACE else f"user namespace {inode}, which is not the initial one"
