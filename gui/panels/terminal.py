"""The target's terminal: painted, typed into, scrolled and copied from."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QClipboard,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QWidget
from pyte.screens import Char

from gui.terminal.colours import CURSOR, GROUND, SELECTION, TEXT, colours_of
from gui.terminal.keys import bytes_of_key
from gui.terminal.screen import TerminalScreen
from gui.terminal.selection import Place, Selection
from gui.theme import MARGIN, Theme

_BUDGET: Final = 0.006
"""Seconds of interpreting before the window gets its turn."""
_CONTROL_SHIFT: Final = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
_BLANK: Final = Char(" ")


class TerminalPanel(QAbstractScrollArea):
    """Shows a `TerminalScreen`; keys go to the target while it lives."""

    typed = Signal(bytes)
    """Bytes for the target's stdin."""
    resized = Signal(int, int)
    """Rows and columns that fit now."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._live = False
        self.vt = TerminalScreen()
        self.vt.on_answer(self._on_answer)
        self._selection = Selection(self.vt)
        self._work = QTimer(self, interval=0)
        self._work.timeout.connect(self._on_work)
        self.setObjectName("terminal")
        self.setAccessibleName("Terminal of the target")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    # What others ask of it.

    def start(self, command: str) -> None:
        """A new run: a blank screen that says what runs, and keys go to it."""
        self.vt.clear()
        self._selection.clear()
        self._live = True
        self.feed(f"\x1b[2m$\x1b[0m {command}\r\n".encode())

    def end(self, sentence: str, *, bad: bool) -> None:
        """The run is over; its last line says how."""
        self._live = False
        colour = "\x1b[31m" if bad else "\x1b[2m"
        self.vt.start_line()
        self.feed(f"\x1b[?25h\x1b[0m{colour}{sentence}\x1b[0m\r\n".encode())

    def feed(self, data: bytes) -> None:
        """Bytes of the target."""
        self.vt.feed(data)
        self._work.start()

    @property
    def live(self) -> bool:
        """Whether keys go to a target."""
        return self._live

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns that fit beside the scroll bar, whether it is there yet or not: that it comes is no news for the target."""
        width = self.contentsRect().width() - self.verticalScrollBar().sizeHint().width() - 2 * MARGIN
        height = self.viewport().height() - 12
        return max(2, int(height // self._cell.height())), max(10, int(width // self._cell.width()))

    def copy(self) -> None:
        """The selected text to the clipboard."""
        if text := self._selection.text():
            QGuiApplication.clipboard().setText(text)

    def paste(self, mode: QClipboard.Mode = QClipboard.Mode.Clipboard) -> None:
        """The clipboard to the target, as typed."""
        text = QGuiApplication.clipboard().text(mode).replace("\r\n", "\r").replace("\n", "\r")
        if text and self.vt.bracketed_paste:
            text = f"\x1b[200~{text}\x1b[201~"
        self._send(text.encode())

    def select_all(self) -> None:
        self._selection.all()
        self.viewport().update()

    # Keys.

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._wants(event):
            event.accept()
            return True
        return super().event(event)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802  Qt's virtual method
        # Tab belongs to the target while it lives.
        return False if self._live else super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        modifiers = event.modifiers()
        shifted = modifiers & _CONTROL_SHIFT
        if shifted == _CONTROL_SHIFT and event.key() == Qt.Key.Key_C:
            self.copy()
        elif shifted == _CONTROL_SHIFT and event.key() == Qt.Key.Key_V:
            self.paste()
        elif shifted == Qt.KeyboardModifier.ShiftModifier and event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._scroll_page(-1 if event.key() == Qt.Key.Key_PageUp else 1)
        elif self._live and shifted != _CONTROL_SHIFT:
            keys = self.vt.application_cursor_keys
            self._send(bytes_of_key(event.key(), modifiers, event.text(), application_cursor_keys=keys))
        else:
            event.ignore()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._send(event.commitString().encode())

    def _wants(self, event: QKeyEvent) -> bool:
        """Ctrl+E or Ctrl+R are the shell's while one is typed into; Ctrl+Shift and the menus stay the window's."""
        if not self._live:
            return False
        return event.modifiers() & _CONTROL_SHIFT != _CONTROL_SHIFT or event.key() in (Qt.Key.Key_C, Qt.Key.Key_V)

    def _send(self, data: bytes) -> None:
        if data and self._live:
            self._selection.clear()
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
            self.typed.emit(data)

    def _on_answer(self, data: bytes) -> None:
        if self._live:
            self.typed.emit(data)

    # The mouse.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._selection.start(self._place(event.position()))
            self.viewport().update()
        elif event.button() is Qt.MouseButton.MiddleButton:
            self.paste(QClipboard.Mode.Selection)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._selection.extend(self._place(event.position()))
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        clipboard = QGuiApplication.clipboard()
        if event.button() is Qt.MouseButton.LeftButton and clipboard.supportsSelection() and (text := self._selection.text()):
            clipboard.setText(text, QClipboard.Mode.Selection)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._selection.word(self._place(event.position()))
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("&Copy", "Ctrl+Shift+C", self.copy).setEnabled(not self._selection.empty)
        menu.addAction("&Paste", "Ctrl+Shift+V", self.paste).setEnabled(self._live)
        menu.addAction("Select &all", self.select_all)
        menu.exec(event.globalPos())

    def _place(self, point: QPointF) -> Place:
        line = int((point.y() - 6) // self._cell.height()) + self.verticalScrollBar().value()
        column = int((point.x() - MARGIN) / self._cell.width() + 0.5)
        return max(0, min(line, self.vt.line_count - 1)), max(0, min(column, self.vt.columns))

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(GROUND))
        first = self.verticalScrollBar().value()
        for row in range(min(self.vt.rows, self.vt.line_count - first)):
            self._paint_line(painter, first + row, 6 + row * self._cell.height())
        self._paint_cursor(painter, first)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def _paint_line(self, painter: QPainter, number: int, top: float) -> None:
        cells = self.vt.line(number)
        start, stop = self._selection.columns(number)
        if stop > start:
            painter.fillRect(self._rect(start, stop - start, top), QColor(SELECTION))
        last = max((column for column, char in cells.items() if char != _BLANK), default=-1)
        column = 0
        while column <= last:
            char = cells.get(column, _BLANK)
            length, text = 1, char.data
            while column + length <= last and _alike(following := cells.get(column + length, _BLANK), char):
                text += following.data
                length += 1
            self._paint_run(painter, column, length, text, char, top, selected=start <= column < stop)
            column += length

    def _paint_run(self, painter: QPainter, column: int, length: int, text: str, char: Char, top: float, *, selected: bool) -> None:
        ink, ground = colours_of(char)
        if ground != GROUND and not selected:
            painter.fillRect(self._rect(column, length, top), QColor(ground))
        if not text.strip() and not char.underscore:
            return
        font = self._fonts[char.bold, char.italics]
        painter.setFont(font)
        painter.setPen(QColor(ink))
        painter.drawText(QPointF(MARGIN + column * self._cell.width(), top + self._ascent), text)
        if char.underscore or char.strikethrough:
            below = self._cell.height() - 2 if char.underscore else self._cell.height() / 2
            painter.fillRect(self._rect(column, length, top).adjusted(0, below, 0, below + 1 - self._cell.height()), QColor(ink))

    def _paint_cursor(self, painter: QPainter, first: int) -> None:
        cursor = self.vt.cursor
        if cursor is None or not self._live:
            return
        line, column = cursor
        rect = self._rect(min(column, self.vt.columns - 1), 1, 6 + (line - first) * self._cell.height())
        if not self.hasFocus():
            painter.setPen(QColor(CURSOR))
            painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
            return
        painter.fillRect(rect, QColor(CURSOR))
        char = self.vt.line(line).get(column, _BLANK)
        painter.setPen(QColor(GROUND))
        painter.setFont(self._fonts[char.bold, char.italics])
        painter.drawText(QPointF(rect.left(), rect.top() + self._ascent), char.data)

    def _rect(self, column: int, length: int, top: float) -> QRectF:
        return QRectF(MARGIN + column * self._cell.width(), top, length * self._cell.width(), self._cell.height())

    # Work and scrolling.

    def _on_work(self) -> None:
        bar = self.verticalScrollBar()
        at_end = bar.value() >= bar.maximum()
        if not self.vt.work(_BUDGET):
            self._work.stop()
        bar.setRange(0, self.vt.history)
        if at_end:
            bar.setValue(bar.maximum())
        self.viewport().update()

    def _on_scrolled(self) -> None:
        self.viewport().update()

    def _scroll_page(self, direction: int) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + direction * (self.vt.rows - 1))

    def _fit(self) -> None:
        rows, columns = self.grid
        self.verticalScrollBar().setPageStep(rows)
        if (rows, columns) != (self.vt.rows, self.vt.columns):
            self.vt.resize(rows, columns)
            self.resized.emit(rows, columns)
        self.verticalScrollBar().setRange(0, self.vt.history)

    def _on_theme_changed(self) -> None:
        plain = self._theme.mono_font
        self._fonts: dict[tuple[bool, bool], QFont] = {}
        for bold in (False, True):
            for italic in (False, True):
                font = self._theme.bold(plain) if bold else QFont(plain)
                font.setItalic(italic)
                self._fonts[bold, italic] = font
        metrics = QFontMetricsF(plain)
        self._ascent = metrics.ascent() + 1
        self._cell = QRectF(0, 0, metrics.horizontalAdvance("M"), float(round(metrics.height()) + 2))
        self._fit()
        palette = self.viewport().palette()
        palette.setColor(self.viewport().backgroundRole(), QColor(GROUND))
        palette.setColor(self.viewport().foregroundRole(), QColor(TEXT))
        self.viewport().setPalette(palette)
        self.viewport().update()


def _alike(char: Char, other: Char) -> bool:
    """Whether both can be drawn in one go: the same look, and one column wide."""
    return char.data != "" and char[1:] == other[1:] and char.data.isascii() and other.data.isascii()
