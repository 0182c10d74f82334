"""The terminal's state after a program wrote."""

from __future__ import annotations

from gui.terminal.screen import HISTORY_LINES, TerminalScreen
from gui.terminal.selection import Selection


def fed(data: bytes, rows: int = 4, columns: int = 20) -> TerminalScreen:
    screen = TerminalScreen(rows, columns)
    screen.feed(data)
    while screen.work(1.0):
        pass
    return screen


def test_lines_that_scroll_away_are_kept() -> None:
    screen = fed(b"".join(b"line %d\r\n" % number for number in range(10)))
    assert screen.history == 7
    assert [screen.text(number) for number in (0, 6, 9, 10)] == ["line 0", "line 6", "line 9", ""]
    assert screen.cursor == (10, 0)


def test_colours_and_cursor_keys() -> None:
    screen = fed(b"\x1b[31mred\x1b[0m \x1b[?1h")
    assert screen.line(0)[0].fg == "red"
    assert screen.line(0)[3].fg == "default"
    assert screen.application_cursor_keys
    assert not screen.bracketed_paste


def test_alternate_screen_gives_the_main_one_back() -> None:
    screen = fed(b"before\r\n\x1b[?1049h\x1b[Hfull screen")
    assert screen.text(0) == "full screen"
    screen.feed(b"\x1b[?1049l")
    screen.work(1.0)
    assert screen.text(0) == "before"
    assert screen.cursor == (1, 0)


def test_the_terminal_answers() -> None:
    screen = TerminalScreen(4, 20)
    answers: list[bytes] = []
    screen.on_answer(answers.append)
    screen.feed(b"ab\x1b[6n")
    screen.work(1.0)
    assert answers == [b"\x1b[1;3R"]


def test_a_flood_is_cut_and_says_so() -> None:
    screen = TerminalScreen(4, 80)
    for number in range(40_000):
        screen.feed(b"%06d ...............\r\n" % number)
    while screen.work(1.0):
        pass
    shown = [screen.text(number) for number in range(screen.line_count)]
    assert shown[-2].startswith("039999")
    assert screen.left_out > 0
    assert screen.history <= HISTORY_LINES


def test_selection_in_reading_order() -> None:
    screen = fed(b"first line\r\nsecond /usr/bin/ping line")
    selection = Selection(screen)
    selection.start((1, 6))
    selection.extend((0, 6))
    assert selection.text() == "line\nsecond"
    assert selection.columns(0) == (6, 20)
    selection.word((1, 9))
    assert selection.text() == "/usr/bin/ping"[: 20 - 7]
    selection.clear()
    assert selection.empty


def test_a_line_of_its_own() -> None:
    screen = fed(b"no newline")
    for text in (b"first\r\n", b"second"):
        screen.start_line()
        screen.feed(text)
    screen.work(1.0)
    assert [screen.text(number) for number in range(3)] == ["no newline", "first", "second"]


def test_what_scrolls_inside_a_region_is_no_history() -> None:
    screen = fed(b"top\x1b[2;4r\x1b[4;1H\n\n\n")
    assert screen.history == 0
    screen.feed(b"\x1b[r\x1b[4;1H\n\x1b[3J")
    screen.work(1.0)
    assert screen.history == 0
