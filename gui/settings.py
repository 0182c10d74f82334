"""What the window remembers between two starts: its layout, its history, and the last policy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QSettings

LAYOUT_VERSION: Final = 1
"""Raised when docks or columns are others; a remembered layout of another version is not restored."""
_HISTORY_LENGTH: Final = 30
_RECENT_LENGTH: Final = 8


class Settings:
    """Typed access to the user's settings file."""

    def __init__(self, path: Path | None = None) -> None:
        """`path`: another file than the user's own."""
        self._store = QSettings(str(path), QSettings.Format.IniFormat) if path is not None else QSettings("gatescope", "gatescope")
        if self._store.value("layout/version", 0, int) != LAYOUT_VERSION:
            self._store.remove("layout")
            self._store.setValue("layout/version", LAYOUT_VERSION)

    def layout(self, name: str) -> QByteArray | None:
        """A state that a widget saved; None where there is none."""
        value = self._store.value(f"layout/{name}")
        return value if isinstance(value, QByteArray) else None

    def set_layout(self, name: str, state: QByteArray) -> None:
        self._store.setValue(f"layout/{name}", state)

    def text(self, name: str, default: str = "") -> str:
        value = self._store.value(name, default)
        return value if isinstance(value, str) else default

    def one_of(self, name: str, choices: Iterable[str], default: str) -> str:
        """The remembered choice; `default` where the file names none that there is."""
        value = self.text(name)
        return value if value in set(choices) else default

    def set_text(self, name: str, value: str) -> None:
        self._store.setValue(name, value)

    def history(self) -> list[str]:
        """The command lines that were run, the latest first."""
        return self._list("targets")

    def remember_target(self, command: str) -> None:
        self._set_list("targets", _in_front(command, self.history(), _HISTORY_LENGTH))

    def recent_policies(self) -> list[Path]:
        """Policy files, the latest first, those that are gone left out."""
        return [Path(name) for name in self._list("policies") if Path(name).is_file()]

    def remember_policy(self, path: Path) -> None:
        self._set_list("policies", _in_front(str(path.absolute()), self._list("policies"), _RECENT_LENGTH))

    def sync(self) -> None:
        """Writes to disk now."""
        self._store.sync()

    def _list(self, name: str) -> list[str]:
        value = self._store.value(name)
        # The ini format gives back a list of one as its only element.
        if isinstance(value, str):
            return [value] if value else []
        return [str(part) for part in value] if isinstance(value, list) else []

    def _set_list(self, name: str, values: list[str]) -> None:
        self._store.setValue(name, values)


def _in_front(value: str, values: list[str], length: int) -> list[str]:
    return [value, *(other for other in values if other != value)][:length]
