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


def test_what_a_broken_file_holds_counts_as_nothing(tmp_path: Path) -> None:
    path = tmp_path / "settings.ini"
    path.write_bytes(
        b"[General]\ntheme=purple\ntype=@Variant(\\0)\npolicy=a, b\ntargets=@Invalid()\n[layout]\nversion=1\ndocks=x\n\xff\x00=\n"
    )
    settings = Settings(path)
    assert settings.one_of("theme", ("light", "dark"), "light") == "light"
    assert [settings.text("type"), settings.text("policy")] == ["", ""]
    assert settings.history() == []
    assert settings.layout("docks") is None


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
