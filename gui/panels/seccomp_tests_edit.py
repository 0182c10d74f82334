"""The tests of a rule's arguments: a row each, with the names that the kernel's own signature gives the parameters."""

from __future__ import annotations

import itertools
import typing
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from core.knowledge.constants import constants_for
from core.knowledge.groups import GROUPS
from core.knowledge.syscalls import Parameter, by_name
from core.policy.architectures import NATIVE
from core.policy.model import ArgumentTest, Operator
from core.policy.rules import number
from gui.completions import Completer
from gui.icons import Shape, shape_icon
from gui.labels import muted_label
from gui.models.rule_text import number_text, parse_number
from gui.naming import named
from gui.theme import Theme

_OPERATORS: Final[tuple[Operator, ...]] = typing.get_args(Operator)
_ARGUMENTS: Final = 6
_HEADINGS: Final = ("Argument", "Test", "Mask", "Value")


class TestRow:
    """The fields of one test."""

    def __init__(self, theme: Theme) -> None:
        self.index = QComboBox()
        self.operator = QComboBox()
        self.operator.addItems(list(_OPERATORS))
        self.mask = QLineEdit(placeholderText="0xf")
        self.value = QLineEdit(placeholderText="AF_INET, O_WRONLY|O_CREAT, 42…")
        self.remove = QToolButton(autoRaise=True)
        self.remove.setIcon(shape_icon(Shape.CLOSE, theme.tokens.muted))
        for edit in (self.mask, self.value):
            edit.setFont(theme.mono_font)
        # Half a word, as the lower 32 bits are masked, is seen whole.
        self.mask.setMinimumWidth(self.mask.fontMetrics().horizontalAdvance("0xffffffff") + 26)
        self._completers = tuple((edit, Completer(edit)) for edit in (self.mask, self.value))
        self.index.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.index.setMinimumWidth(150)

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        return (self.index, self.operator, self.mask, self.value, self.remove)

    def test(self) -> ArgumentTest:
        operator = _OPERATORS[self.operator.currentIndex()]
        # A mask beside another operator stays in the field, should the user come back, but not in the rule.
        mask = parse_number(self.mask.text()) if operator == "&==" and self.mask.text().strip() else None
        return ArgumentTest(index=self.index.currentIndex(), op=operator, mask=mask, value=parse_number(self.value.text()))

    def show_test(self, test: ArgumentTest) -> None:
        self.index.setCurrentIndex(test.index)
        self.operator.setCurrentText(test.op)
        self.mask.setText(number_text(test.mask))
        self.value.setText(number_text(test.value))

    def name_fields(self, place: int) -> None:
        """For a screen reader: "Test 2: value"."""
        words = ("argument", "operator", "mask", "value", "remove")
        for widget, word in zip(self.widgets, words, strict=True):
            named(widget, f"Test {place}: {word}")
        self.remove.setToolTip("Take this test away")

    def refresh(self, syscall: str, parameters: Sequence[Parameter]) -> None:
        """The names, constants and meanings for the argument that is chosen now."""
        chosen = max(self.index.currentIndex(), 0)
        texts = [_argument(index, parameters) for index in range(_ARGUMENTS)]
        if texts != [self.index.itemText(index) for index in range(self.index.count())]:
            self.index.clear()
            self.index.addItems(texts)
            self.index.setCurrentIndex(chosen)
        constants = constants_for(syscall, chosen) if syscall else ()
        for edit, completer in self._completers:
            completer.set_words(constants)
            edit.setToolTip(_meaning(edit.text()))
        self.mask.setEnabled(self.operator.currentText() == "&==")


class TestsEdit(QWidget):
    """All tests of a rule."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._syscall = ""
        self._parameters: tuple[Parameter, ...] = ()
        self.rows: list[TestRow] = []
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 3)
        self._grid.setColumnStretch(2, 2)
        self._grid.setColumnStretch(3, 4)
        self._headings = [muted_label(text, wrap=False) for text in _HEADINGS]
        for column, heading in enumerate(self._headings):
            self._grid.addWidget(heading, 0, column)
        self._none = muted_label("No test: the rule covers the call, whatever its arguments.")
        self.add = named(QPushButton("Add a &test"), "Add a test of an argument")
        self.add.setAutoDefault(False)
        column_layout = QVBoxLayout(self)
        column_layout.setContentsMargins(0, 0, 0, 0)
        column_layout.setSpacing(6)
        column_layout.addLayout(self._grid)
        column_layout.addWidget(self._none)
        column_layout.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        self.add.clicked.connect(self._on_add)
        self._arrange()

    @property
    def fields(self) -> tuple[QWidget, ...]:
        """In the order in which Tab goes through them."""
        return (*itertools.chain.from_iterable(row.widgets for row in self.rows), self.add)

    def tests(self) -> tuple[ArgumentTest, ...]:
        return tuple(row.test() for row in self.rows)

    def set_tests(self, tests: Sequence[ArgumentTest]) -> None:
        while self.rows:
            self._drop(self.rows[0])
        for test in tests:
            self._append(test)
        self._arrange()

    def set_calls(self, calls: Sequence[str | int]) -> None:
        """The calls that the rule speaks of: the first one's signature names the arguments."""
        self._syscall = _first_name(calls)
        call = by_name(NATIVE).get(self._syscall)
        self._parameters = call.parameters if call is not None else ()
        for row in self.rows:
            row.refresh(self._syscall, self._parameters)

    def _append(self, test: ArgumentTest) -> None:
        row = TestRow(self._theme)
        self.rows.append(row)
        row.refresh(self._syscall, self._parameters)
        row.show_test(test)
        row.index.activated.connect(self._on_changed)
        row.operator.activated.connect(self._on_changed)
        row.mask.textChanged.connect(self._on_changed)
        row.value.textChanged.connect(self._on_changed)
        row.remove.clicked.connect(self._on_remove)

    def _drop(self, row: TestRow) -> None:
        self.rows.remove(row)
        for widget in row.widgets:
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()

    def _arrange(self) -> None:
        for place, row in enumerate(self.rows, start=1):
            row.name_fields(place)
            for column, widget in enumerate(row.widgets):
                self._grid.addWidget(widget, place, column)
        for heading in self._headings:
            heading.setVisible(bool(self.rows))
        self._none.setVisible(not self.rows)
        self._refresh()

    def _refresh(self) -> None:
        for row in self.rows:
            row.refresh(self._syscall, self._parameters)

    def _on_add(self) -> None:
        used = {row.index.currentIndex() for row in self.rows}
        free = next((index for index in range(_ARGUMENTS) if index not in used), 0)
        self._append(ArgumentTest(index=free, op="==", value=""))
        self._arrange()
        self.rows[-1].value.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def _on_remove(self) -> None:
        found = next((row for row in self.rows if row.remove is self.sender()), None)
        if found is not None:
            self._drop(found)
            self._arrange()
            self.add.setFocus(Qt.FocusReason.OtherFocusReason)
            self.changed.emit()

    def _on_changed(self) -> None:
        self._refresh()
        self.changed.emit()


def _first_name(calls: Sequence[str | int]) -> str:
    for call in calls:
        if isinstance(call, str):
            names = GROUPS.get(call, (call,))
            return next((name for name in names if name in by_name(NATIVE)), "")
    return ""


def _argument(index: int, parameters: Sequence[Parameter]) -> str:
    return f"{index}: {parameters[index].name}" if index < len(parameters) else str(index)


def _meaning(text: str) -> str:
    """The number behind a constant, for the tip."""
    value = parse_number(text)
    if isinstance(value, int) or not value:
        return ""
    try:
        return f"{value} = {number(value):#x}"
    except ValueError as err:
        return str(err)
