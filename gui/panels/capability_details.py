"""All that is known of one capability, and the rules of the seccomp filter that stand beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy

from core.knowledge.capabilities import Capability, Risk
from gui.lint_report import Guard
from gui.panels.capabilities_cards import DetailsCard
from gui.theme import Theme

_RISKS: Final[Mapping[Risk, str]] = {"root": "as good as root", "serious": "serious", "limited": "limited"}
_FEW: Final = 4


class CapabilityDetails(DetailsCard):
    """Shown on request, below the list or the grid."""

    rule_wanted = Signal(int)
    """The number of a rule, to be shown in the panel “Seccomp”."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._capability: Capability | None = None
        self._guards: Sequence[Guard] = ()
        self.rules = QLabel(wordWrap=True)
        self.rules.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.rules.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard)
        self.rules.linkActivated.connect(self._on_link)
        self.column.addWidget(self.rules)

    def show_capability(self, capability: Capability) -> None:
        super().show_capability(capability)
        self._capability = capability
        self.title.setText(f"{capability.name} · {capability.number} · {_RISKS[capability.risk]}")
        self._show_rules()

    def show_guards(self, guards: Sequence[Guard]) -> None:
        """Which rules refuse calls that which capabilities guard."""
        self._guards = guards
        self._show_rules()

    def _show_rules(self) -> None:
        found = [guard for guard in self._guards if self._capability is not None and guard.capability == self._capability.name]
        lines = [f'<a href="{guard.rule}">Seccomp {guard.counterpart}</a>, before the kernel asks for it.' for guard in found[:_FEW]]
        if len(found) > _FEW:
            lines.append(f"And {len(found) - _FEW} more rules.")
        self.rules.setText("<br>".join(lines))
        self.rules.setAccessibleName(", ".join(f"Seccomp {guard.counterpart}" for guard in found))
        self.rules.setVisible(bool(found))

    def _on_link(self, rule: str) -> None:
        self.rule_wanted.emit(int(rule))
