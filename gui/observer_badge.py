"""The badge in the toolbar: which engine and whose privilege are in force, and in a popover what is missing for more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from PySide6.QtCore import QObject, QPoint, QSize, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QMenu, QPushButton, QScrollArea, QVBoxLayout, QWidget

from core.host import Ability, Host
from core.standing import Standing
from gui.host_probe import HostProbe
from gui.icons import Shape, shape_icon
from gui.labels import muted_label, rule_line, strong_label
from gui.naming import named
from gui.run_choices import RunChoices
from gui.target_bar import TargetBar
from gui.theme import MARGIN, Theme

_SIZE: Final = QSize(440, 460)
_NO_RUN: Final = "No run yet: the observer says what it can do when it is started."
_PROBING: Final = "Looking at what this machine and you can do…"
_NOT_FOUND: Final = "This machine could not be probed: see gatescope host in a terminal."


class ObserverBadge(QObject):
    """Keeps the toolbar's badge, and opens its popover."""

    def __init__(self, theme: Theme, bar: TargetBar, choices: RunChoices) -> None:
        super().__init__(bar)
        self._theme = theme
        self._bar = bar
        self._choices = choices
        self._standing: Standing | None = None
        self._probe = HostProbe(self)
        self.popover: ObserverPopover | None = None
        """While it is open."""
        bar.badge_clicked.connect(self._on_wanted)
        choices.explain.triggered.connect(self._on_wanted)

    def show_standing(self, standing: Standing | None, notes: Sequence[str]) -> None:
        """What is in force, None: nothing yet. `notes`: what the run itself said about it."""
        self._standing = standing
        if standing is None:
            self._bar.show_engine("no run yet", "unknown", "Click for what this machine and you can do (Ctrl+I)")
            return
        tip = "\n".join(
            [standing.place, *notes, *(f"{one.name}: {one.detail}" for one in standing.missing), "Click for how to get more (Ctrl+I)"]
        )
        self._bar.show_engine(standing.words, "limited" if standing.missing else "good", tip)

    def shut_down(self) -> None:
        """The window is closing."""
        self._probe.shut_down()

    def _on_wanted(self) -> None:
        badge = self._bar.badge
        popover = self.popover = ObserverPopover(self._theme, self._standing, self._choices.observers, self._bar.window())
        self._probe.found.connect(popover.show_host)
        self._probe.start()
        popover.destroyed.connect(self._on_closed)
        corner = badge.mapToGlobal(QPoint(badge.width() - popover.width(), badge.height() + 4))
        popover.move(corner)
        popover.show()

    def _on_closed(self) -> None:
        self.popover = None


class ObserverPopover(QFrame):
    """The run's standing, and the sentences of `gatescope host`. Esc, or a click elsewhere, closes it for good."""

    def __init__(self, theme: Theme, standing: Standing | None, observers: QMenu, parent: QWidget) -> None:
        """`observers`: who can run the next one."""
        super().__init__(parent, Qt.WindowType.Popup)
        self._theme = theme
        self.setObjectName("popover")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Engine and observer")
        self.resize(_SIZE)
        self._column = QVBoxLayout()
        self._column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        self._column.setSpacing(8)
        self._column.addWidget(strong_label(standing.words if standing is not None else "No run yet"))
        self._column.addWidget(muted_label(standing.place if standing is not None else _NO_RUN))
        self._add(standing.missing if standing is not None else ())
        choose = named(QPushButton("Who runs the next one"), "Choose who runs the next observer")
        choose.setMenu(observers)
        observers.triggered.connect(self.close)
        self._column.addWidget(choose, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addWidget(rule_line())
        self._column.addWidget(strong_label("This machine and you"))
        self.state = muted_label(_PROBING)
        self._column.addWidget(self.state)
        self._lay_out()

    def show_host(self, host: Host | None) -> None:
        """What this machine can do; None: that could not be found out."""
        self.state.setText(_NOT_FOUND if host is None else f"Linux {host.kernel} · {host.machine} · {host.user}")
        if host is not None:
            self._column.takeAt(self._column.count() - 1)  # the stretch, which comes last again
            # What is missing is what one looks for.
            self._add(sorted(host.abilities, key=_works))
            self._column.addStretch(1)

    def words(self) -> list[str]:
        """Everything that it says, line by line."""
        return [label.text() for label in self.findChildren(QLabel) if label.text()]

    def _lay_out(self) -> None:
        content = QWidget()
        content.setLayout(self._column)
        self._column.addStretch(1)
        reader = QScrollArea(widgetResizable=True)
        reader.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        reader.setAccessibleName("Engine and observer")
        reader.setWidget(content)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.addWidget(reader)

    def _add(self, abilities: Iterable[Ability]) -> None:
        for ability in abilities:
            self._column.addWidget(self._row(ability))

    def _row(self, ability: Ability) -> QWidget:
        row = QWidget()
        grid = QGridLayout(row)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        tokens = self._theme.tokens
        shape, ink, word = (Shape.CHECK, tokens.passed, "yes") if ability.works else (Shape.CROSS, tokens.capability, "no")
        sign = named(QLabel(), word, word)
        sign.setPixmap(shape_icon(shape, ink).pixmap(QSize(12, 12)))
        grid.addWidget(sign, 0, 0, Qt.AlignmentFlag.AlignTop)
        lines = [strong_label(ability.name), muted_label(ability.detail)]
        if not ability.works and ability.remedy:
            lines.append(muted_label(f"→ {ability.remedy}"))
        for place, line in enumerate(lines):
            grid.addWidget(line, place, 1)
        return row


def _works(ability: Ability) -> bool:
    return ability.works
