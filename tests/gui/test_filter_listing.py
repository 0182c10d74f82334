"""A filter's listing, with and without a call's path through it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from core.bpf.build import build_filter
from core.bpf.disassemble import Line, disassemble
from core.bpf.emulate import emulate
from core.bpf.machine import SeccompData
from core.knowledge.syscalls import number
from core.observer.wire import AUDIT_ARCH_X86_64
from core.policy.model import Rule, Seccomp
from gui.filter_listing import FilterListing, program_text
from gui.theme import Choice, Theme

PROGRAM = build_filter(Seccomp(mode="filter", rules=(Rule(syscalls=("socket",), action="errno:EPERM"),)))


@pytest.fixture
def lines() -> tuple[Line, ...]:
    return disassemble(PROGRAM)


@pytest.fixture
def listing(theme: Theme, qtbot: QtBot) -> FilterListing:
    listing = FilterListing(theme, "A filter")
    qtbot.addWidget(listing)
    listing.resize(500, 120)
    return listing


def path_of(call: str) -> tuple[int, ...]:
    nr = number(AUDIT_ARCH_X86_64, call)
    assert nr is not None
    return emulate(PROGRAM, SeccompData(nr, AUDIT_ARCH_X86_64)).path


def test_without_a_path_nothing_is_lit(listing: FilterListing, lines: tuple[Line, ...]) -> None:
    listing.show_lines(lines)
    assert listing.toPlainText() == program_text(lines, aligned=True)
    assert listing.extraSelections() == []
    assert "socket" in listing.toPlainText()


def test_the_path_has_a_sign_and_a_ground(listing: FilterListing, lines: tuple[Line, ...]) -> None:
    path = path_of("socket")
    listing.show_lines(lines, path)
    lit = [place for place, text in enumerate(listing.toPlainText().splitlines()) if text.startswith("▸")]
    assert lit == sorted(path)
    assert len(listing.extraSelections()) == len(path)
    assert str(path[-1]) in listing.accessibleDescription()


def test_the_end_of_the_path_is_in_sight(listing: FilterListing, lines: tuple[Line, ...], qtbot: QtBot) -> None:
    listing.resize(500, 60)
    with qtbot.waitExposed(listing):
        listing.show()
    path = path_of("socket")
    listing.show_lines(lines, path)
    assert listing.viewport().rect().intersects(listing.cursorRect())
    assert listing.textCursor().blockNumber() == path[-1]


def test_only_a_part_is_shown_under_its_own_numbers(listing: FilterListing, lines: tuple[Line, ...]) -> None:
    path = path_of("socket")
    listing.show_lines([lines[index] for index in path], path)
    assert len(listing.toPlainText().splitlines()) == len(path)
    assert all(text.startswith("▸") for text in listing.toPlainText().splitlines())


def test_it_narrows(listing: FilterListing, lines: tuple[Line, ...], qtbot: QtBot) -> None:
    listing.show_lines(lines)
    with qtbot.waitExposed(listing):
        listing.show()
    wide = listing.toPlainText()
    listing.resize(200, 120)
    qtbot.waitUntil(lambda: listing.toPlainText() != wide)
    assert listing.toPlainText() == program_text(lines, aligned=False)


def test_both_themes(listing: FilterListing, lines: tuple[Line, ...], theme: Theme) -> None:
    listing.show_lines(lines, path_of("socket"))
    light = listing.grab().toImage()
    theme.choose(Choice.DARK)
    assert listing.grab().toImage() != light


def test_the_end_of_the_path_stays_in_sight(listing: FilterListing, lines: tuple[Line, ...], qtbot: QtBot) -> None:
    with qtbot.waitExposed(listing):
        listing.show()
    path = path_of("socket")
    listing.show_lines(lines * 3, path)
    listing.resize(500, 60)
    end = listing.cursorRect(listing.textCursor())
    assert listing.viewport().rect().contains(end)


def test_a_line_that_is_cut_off_is_told_whole(listing: FilterListing, lines: tuple[Line, ...], qtbot: QtBot) -> None:
    with qtbot.waitExposed(listing):
        listing.show()
    listing.show_lines(lines)
    place = listing.cursorRect().center()
    help_ = QHelpEvent(QEvent.Type.ToolTip, place, listing.viewport().mapToGlobal(place))
    QApplication.sendEvent(listing.viewport(), help_)
    qtbot.waitUntil(lambda: QToolTip.text() == listing.toPlainText().splitlines()[0].strip())
