"""The paths panel: what the target may open, execute, connect to and bind, by Landlock."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Final

import msgspec
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPushButton, QScrollArea, QVBoxLayout, QWidget

from core.knowledge.landlock import PATH_KINDS, PORT_KINDS, Kind, abi_words
from core.policy.model import Paths, Policy
from core.policy.paths import paths_of, ports_of
from core.predict.startup import StartupNeeds, startup_needs
from core.target import resolve_target
from gui.labels import ProblemLabel, muted_label, rule_line
from gui.naming import named
from gui.panels.paths_section import KindSection, Listed, PathSection, PortSection
from gui.panels.paths_words import INTRODUCTION, NEEDS_NO_NEW_PRIVS, needs_sentence
from gui.policy_document import PolicyDocument
from gui.theme import MARGIN, Theme

_SETTLED_MS: Final = 200
"""How long typing in the target's line must pause before its file is looked at."""


class PathsPanel(QScrollArea):
    """Shows and edits `policy.paths` of a document."""

    def __init__(self, theme: Theme, document: PolicyDocument, abi: int, parent: QWidget | None = None) -> None:
        """`abi`: the Landlock ABI of this machine's kernel, 0: none."""
        super().__init__(parent)
        self._document = document
        self._command = ""
        self._needs: StartupNeeds | None = None
        self._program = ""
        self.kernel = muted_label(abi_words(abi))
        self.problem = ProblemLabel()
        self.hint = muted_label(NEEDS_NO_NEW_PRIVS)
        self.needs_problem = ProblemLabel()
        self.add_needs = named(QPushButton(), "Add what the target needs to start")
        self.paths = {kind: PathSection(theme, kind, abi) for kind in PATH_KINDS}
        self.ports = {kind: PortSection(kind, abi) for kind in PORT_KINDS}
        self._settled = QTimer(self, singleShot=True, interval=_SETTLED_MS)
        self._lay_out()
        for section in self._sections():
            section.changed.connect(self._on_section_changed)
        self.add_needs.clicked.connect(self._on_add_needs)
        self._settled.timeout.connect(self._on_settled)
        document.changed.connect(self._on_policy_changed)
        self._on_policy_changed(document.policy)

    def set_command(self, command: str) -> None:
        """The command line of the next run, which may be unfinished."""
        self._command = command
        self._settled.start()

    def _sections(self) -> tuple[KindSection, ...]:
        return (*self.paths.values(), *self.ports.values())

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(MARGIN, 10, MARGIN, MARGIN)
        column.setSpacing(8)
        for widget in (muted_label(INTRODUCTION), self.kernel, self.problem, self.hint, self.needs_problem, self.add_needs):
            column.addWidget(widget)
        for section in self._sections():
            column.addSpacing(2)
            column.addWidget(rule_line())
            column.addSpacing(2)
            column.addWidget(section)
        column.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)

    # The policy.

    def _on_policy_changed(self, policy: Policy) -> None:
        paths = policy.paths or Paths()
        said = [self._document.problem_at(f"paths.{section.kind}") for section in self._sections()]
        for kind, section in self.paths.items():
            section.show_paths(paths_of(paths, kind), self._document.problem_at(f"paths.{kind}"))
        for kind, ports in self.ports.items():
            ports.show_ports(ports_of(paths, kind), self._document.problem_at(f"paths.{kind}"))
        self.problem.show_problem("" if any(said) else self._document.problem_at("paths"))
        self.hint.setVisible(policy.paths is not None and not policy.identity.no_new_privs)
        self._show_needs()

    def _on_section_changed(self, kind: Kind, text: str, listed: Listed) -> None:
        paths = msgspec.structs.replace(self._document.policy.paths or Paths(), **{kind: listed})
        self._set(text, paths)

    def _set(self, text: str, paths: Paths) -> None:
        policy = msgspec.structs.replace(self._document.policy, paths=None if paths == Paths() else paths)
        self._document.edit(text, policy)

    # What the target needs.

    def _on_settled(self) -> None:
        self._needs, self._program = _needs_of(self._command)
        self._show_needs()

    def _lacking(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        paths = self._document.policy.paths or Paths()
        return ((), ()) if self._needs is None else self._needs.lacking(paths.read, paths.execute)

    def _show_needs(self) -> None:
        read, execute = self._lacking()
        self.needs_problem.show_problem(needs_sentence(self._program, read, execute))
        self.add_needs.setText(f"Add what {self._program} needs to start")
        self.add_needs.setVisible(bool(read or execute))

    def _on_add_needs(self) -> None:
        read, execute = self._lacking()
        paths = self._document.policy.paths or Paths()
        more = {"read": read, "execute": execute}
        lists = {kind: (*(getattr(paths, kind) or ()), *added) for kind, added in more.items() if added}
        self._set(f"what {self._program} needs to start", msgspec.structs.replace(paths, **lists))


def _needs_of(command: str) -> tuple[StartupNeeds | None, str]:
    """What the command's program needs, and its name; None where there is no such program (which a run will say)."""
    try:
        target = resolve_target(shlex.split(command), os.environ, str(Path.cwd()))
        return startup_needs(target.executable, os.environ), Path(target.executable).name
    except (ValueError, OSError):  # an open quotation mark, TargetError, ElfError
        return None, ""
