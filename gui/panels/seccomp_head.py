"""The head of the seccomp panel: the mode, from when it judges, and of the chosen filter its default and its scope."""

from __future__ import annotations

import typing
from typing import Any, Final

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QPushButton, QWidget

from core.policy.model import Mode, Policy, Seccomp
from core.policy.stack import Layer, layers
from gui.labels import ProblemLabel, field_label, muted_label
from gui.models import stack_edits
from gui.naming import named
from gui.panels.fold import Fold
from gui.panels.seccomp_action_picker import ActionPicker
from gui.panels.seccomp_presets import PresetsMenu
from gui.panels.seccomp_scope import ScopeEdit, scope_summary
from gui.panels.seccomp_stack import TOGETHER, StackChooser
from gui.policy_document import PolicyDocument
from gui.target_bar import MOMENTS
from gui.theme import MARGIN

_MODES: Final[tuple[Mode, ...]] = typing.get_args(Mode)
_NEEDS_NO_NEW_PRIVS: Final = "⚠ Without no_new_privs the kernel takes a filter only from a process that holds SYS_ADMIN."


class SeccompHead(QWidget):
    """Shows and edits all of `policy.seccomp` but the rules."""

    filter_chosen = Signal(int)
    """The filter at this place of the stack is to be shown, 0 for the oldest."""

    def __init__(self, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._place = 0
        self.mode = named(QComboBox(), "Seccomp mode")
        self.mode.addItems(list(_MODES))
        self.presets = PresetsMenu(self)
        self.presets_button = named(QPushButton("Presets"), "Ready-made filters")
        self.presets_button.setMenu(self.presets)
        self.moment = named(QComboBox(), "The moment from which the filter judges")
        self.moment.addItems(list(MOMENTS.values()))
        self.stack = StackChooser()
        self._stack_label = field_label("F&ilter", self.stack)
        self.default = ActionPicker("Default action")
        self._together = muted_label(TOGETHER)
        self.scope = ScopeEdit()
        self.fold = Fold("Scope", self.scope)
        self.problem = ProblemLabel()
        self.hint = muted_label(_NEEDS_NO_NEW_PRIVS)
        self.set_no_new_privs = named(QPushButton("Set no_new_privs"), "Set no_new_privs")
        self._lay_out()
        self._connect()

    def show_policy(self, policy: Policy, place: int) -> None:
        """The policy as it is now, and of its filters the one at this place."""
        self._place = place
        seccomp = policy.seccomp
        filtering = seccomp.mode == "filter"
        self.mode.setCurrentText(seccomp.mode)
        self.moment.setCurrentText(MOMENTS[seccomp.judge_from])
        self.moment.setEnabled(seccomp.mode != "off")
        self.default.setEnabled(filtering)
        for widget in (self._stack_label, self.stack, self.fold):
            widget.setVisible(filtering)
        self._together.setVisible(filtering and bool(seccomp.stacked))
        needs = filtering and not policy.identity.no_new_privs
        self.hint.setVisible(needs)
        self.set_no_new_privs.setVisible(needs)
        self._show_filter(seccomp)

    def _show_filter(self, seccomp: Seccomp) -> None:
        one = self._layer.filter
        self.stack.show_stack(seccomp, self._place)
        self.default.set_word(one.default)
        self.scope.show_filter(one)
        self.fold.set_summary(scope_summary(one))
        self.problem.show_problem(self._problem())

    @property
    def _layer(self) -> Layer:
        return layers(self._document.policy.seccomp)[self._place]

    def _problem(self) -> str:
        """What is wrong with the seccomp table and the chosen filter, apart from the rules."""
        keys = (
            "seccomp.mode",
            "seccomp.judge_from",
            *(f"{self._layer.key}.{key}" for key in ("default", "architectures", "bad_arch", "flags")),
        )
        found = ((key.rpartition(".")[2], self._document.problem_at(key)) for key in keys)
        return next((f"{key}: {sentence}" for key, sentence in found if sentence), "")

    def _lay_out(self) -> None:
        form = QGridLayout(self)
        form.setContentsMargins(MARGIN, 8, MARGIN, 8)
        form.setHorizontalSpacing(10)
        form.setVerticalSpacing(6)
        form.setColumnStretch(1, 1)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.mode, 1)
        top.addWidget(self.presets_button)
        form.addWidget(field_label("&Mode", self.mode), 0, 0)
        form.addLayout(top, 0, 1)
        labels = (field_label("J&udge from", self.moment), self._stack_label, field_label("&Default", self.default))
        for row, (label, widget) in enumerate(zip(labels, (self.moment, self.stack, self.default), strict=True), start=1):
            form.addWidget(label, row, 0)
            form.addWidget(widget, row, 1)
        for row, each in enumerate((self._together, self.fold, self.problem, self.hint, self.set_no_new_privs), start=4):
            form.addWidget(each, row, 0, 1, 2)

    def _connect(self) -> None:
        self.mode.activated.connect(self._on_mode)
        self.presets.chosen.connect(self._on_preset)
        self.moment.activated.connect(self._on_moment)
        self.stack.chosen.connect(self.filter_chosen)
        self.stack.change_wanted.connect(self._on_stack)
        self.default.changed.connect(self._on_default)
        self.scope.architectures_changed.connect(self._on_architectures)
        self.scope.bad_arch_changed.connect(self._on_bad_arch)
        self.scope.flags_changed.connect(self._on_flags)
        self.scope.note_changed.connect(self._on_note)
        self.set_no_new_privs.clicked.connect(self._on_set_no_new_privs)

    def _set(self, text: str, seccomp: Seccomp, field: str = "") -> None:
        self._document.edit(text, msgspec.structs.replace(self._document.policy, seccomp=seccomp), field)

    def _change(self, text: str, **fields: Any) -> None:
        self._set(text, msgspec.structs.replace(self._document.policy.seccomp, **fields))

    def _change_filter(self, text: str, field: str = "", **fields: Any) -> None:
        one = msgspec.structs.replace(self._layer.filter, **fields)
        self._set(text, stack_edits.with_filter(self._document.policy.seccomp, self._place, one), field)

    # What the user asks for.

    def _on_mode(self, index: int) -> None:
        self._change(f"seccomp mode {_MODES[index]}", mode=_MODES[index])

    def _on_preset(self, name: str, seccomp: Seccomp) -> None:
        self._set(f"filter: {name}", seccomp)

    def _on_stack(self, text: str, seccomp: Seccomp, place: int) -> None:
        self._set(text, seccomp)
        self.filter_chosen.emit(place)

    def _on_default(self, word: str) -> None:
        self._change_filter(f"default action {word}", default=word)

    def _on_moment(self, index: int) -> None:
        moment = list(MOMENTS)[index]
        self._change(f"judging from {MOMENTS[moment]}", judge_from=moment)

    def _on_architectures(self, names: tuple[str, ...]) -> None:
        self._change_filter(f"architectures {', '.join(names) or 'none'}", architectures=names)

    def _on_bad_arch(self, word: str) -> None:
        self._change_filter(f"other architectures {word}", bad_arch=word)

    def _on_flags(self, flags: tuple[str, ...]) -> None:
        self._change_filter(f"flags {', '.join(flags) or 'none'}", flags=flags)

    def _on_note(self, text: str) -> None:
        self._change_filter("the filter's note", f"note of filter {self._place}", note=text)

    def _on_set_no_new_privs(self) -> None:
        policy = self._document.policy
        identity = msgspec.structs.replace(policy.identity, no_new_privs=True)
        self._document.edit("setting no_new_privs", msgspec.structs.replace(policy, identity=identity))
