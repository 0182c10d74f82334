"""What the window remembers comes back as it was."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from gui.settings import Settings


def test_history_has_the_latest_first_and_each_once(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    for command in ("ls", "id", "ls"):
        settings.remember_target(command)
    settings.sync()
    assert Settings(tmp_path / "settings.ini").history() == ["ls", "id"]


def test_a_history_of_one_comes_back(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    settings.remember_target("echo 'a, b'")
    settings.sync()
    assert Settings(tmp_path / "settings.ini").history() == ["echo 'a, b'"]


def test_policies_that_are_gone_are_left_out(tmp_path: Path, settings: Settings) -> None:
    kept, gone = tmp_path / "kept.toml", tmp_path / "gone.toml"
    kept.touch()
    settings.remember_policy(kept)
    settings.remember_policy(gone)
    assert settings.recent_policies() == [kept]


def test_a_layout_of_another_version_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "settings.ini"
    settings = Settings(path)
    settings.set_layout("docks", QByteArray(b"\x01state"))
    settings.sync()
    assert Settings(path).layout("docks") == QByteArray(b"\x01state")
    store = QSettings(str(path), QSettings.Format.IniFormat)
    store.setValue("layout/version", 10_000)
    store.sync()
    assert Settings(path).layout("docks") is None
