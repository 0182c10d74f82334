"""Paints a call's way through the gates: cards joined by a wire that is solid as far as the call came; each opens a page."""

from __future__ import annotations

import dataclasses
import enum
import html
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent, QTextDocument, QTextOption
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.judge.verdict import Gate
from gui.gates import GATE_SHAPES, gate_ink, gate_tint
from gui.icons import Shape, paint_shape
from gui.inspector.gate_button import GateButton
from gui.inspector.gate_cards import Asked, Card, Diagram, State
from gui.tab_order import join_tab_order
from gui.theme import CARD_RADIUS, Theme

_GAP: Final = 16
"""Length of the wire between two cards."""
_PADDING: Final = 12
_SHAPE: Final = 11
_WIRE_AT: Final = 28
"""Where the wire runs, from the left."""
_FADED: Final = 0.5
_CHEVRON: Final = 12
"""Room at the right of a card's head for the sign that it opens."""
_STATE_SHAPES: Final = {
    State.PASSED: Shape.CHECK,
    State.REFUSED: Shape.CROSS,
    State.KILLED: Shape.CROSS,
    State.TRAPPED: Shape.CROSS,
    State.ANSWERED: Shape.TRIANGLE,
}


class Page(enum.Enum):
    """What a gate opens; its value is said of it to those who ask."""

    SECCOMP = "opens the filter with the way that this call took"
    CAPABILITY = "opens the checks, one by one"
    RESULT = "opens what the result means of this call"


_PAGES: Final = {Gate.SECCOMP: Page.SECCOMP, Gate.CAPABILITY: Page.CAPABILITY, Gate.OTHER: Page.RESULT}


@dataclasses.dataclass(slots=True)
class _Block:
    """One thing to paint, and where."""

    top: float
    height: float
    document: QTextDocument
    card: Card | None = None


class GateDiagram(QWidget):
    """Shows a `Diagram`; as high as it needs at its width."""

    page_wanted = Signal(object)
    """The `Page` of the gate that was pressed."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._diagram: Diagram | None = None
        self._blocks: list[_Block] = []
        self._buttons: list[GateButton] = []
        self._pressed: GateButton | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setObjectName("gates")
        self.setAccessibleName("Gates of the call")
        theme.changed.connect(self._lay_out)

    def show_diagram(self, diagram: Diagram) -> None:
        """Replaces what is shown."""
        self._diagram = diagram
        self.setAccessibleDescription(diagram.text)
        self._name_buttons(diagram)
        self._lay_out()

    def focus_pressed(self) -> None:
        """Puts the keyboard back on the gate that was pressed last."""
        if self._pressed is not None:
            self._pressed.setFocus()

    def buttons(self) -> list[GateButton]:
        """The gates in the order of the call's way, and the result."""
        return list(self._buttons)

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(max(self.width(), 240)))

    def heightForWidth(self, width: int) -> int:  # noqa: N802  Qt's virtual method
        return _bottom(self._layout(float(width)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._lay_out()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_wires(painter)
        for block in self._blocks:
            if block.card is not None:
                self._paint_card(painter, block, block.card)
            else:
                painter.save()
                painter.translate(0, block.top)
                block.document.drawContents(painter)
                painter.restore()

    # Laying out.

    def _lay_out(self) -> None:
        self._blocks = self._layout(float(self.width()))
        self._place_buttons()
        self.setFixedHeight(_bottom(self._blocks))
        self.update()

    def _name_buttons(self, diagram: Diagram) -> None:
        # A button a gate, and one for the result; they stay from call to call, and so does the keyboard.
        pages = [*(_PAGES[card.gate] for card in diagram.cards), Page.RESULT]
        names = [*(f"{card.title}: {card.state.value}" for card in diagram.cards), f"Result: {diagram.result}"]
        while len(self._buttons) < len(pages):
            button = GateButton(self._theme, self)
            button.clicked.connect(self._on_clicked)
            button.show()
            self._buttons.append(button)
        join_tab_order(self)
        for button, page, name in zip(self._buttons, pages, names, strict=True):
            button.setProperty("page", page)
            button.setAccessibleName(name)
            button.setAccessibleDescription(page.value)
            button.setToolTip(f"{page.value[:1].upper()}{page.value[1:]}")

    def _place_buttons(self) -> None:
        for button, block in zip(self._buttons, self._blocks[1:], strict=False):
            button.setGeometry(0, round(block.top), self.width(), round(block.height))

    def _on_clicked(self) -> None:
        self._pressed = next(button for button in self._buttons if button is self.sender())
        self.page_wanted.emit(self._pressed.property("page"))

    def _layout(self, width: float) -> list[_Block]:
        if self._diagram is None:
            return []
        top = 0.0
        blocks = []
        for card, document in self._documents(self._diagram):
            document.setTextWidth(width - 2 * _PADDING if card is not None else width)
            height = document.size().height()
            if card is not None:
                height = self._head_height() + 2 * (_PADDING - 3) + (height + 2 if document.toPlainText() else 0)
            blocks.append(_Block(top, height, document, card))
            top += height + _GAP
        if blocks:
            # The result hangs directly under the last wire, the process directly over the first.
            blocks[-1].top -= 2
        return blocks

    def _documents(self, diagram: Diagram) -> list[tuple[Card | None, QTextDocument]]:
        tokens = self._theme.tokens
        mono = _css(self._theme.mono_font)
        head = (
            f"<div style='{mono} font-size:{self._theme.ui_font.pointSizeF()}pt; font-weight:600'>{html.escape(diagram.call)}</div>"
            f"<div style='{mono} color:{tokens.muted}'>{html.escape(diagram.arguments)}</div>"
            f"<div style='color:{tokens.muted}; margin-top:4px'>{html.escape(diagram.process)}</div>"
        )
        result = f"<b>{html.escape(diagram.result)}</b> <span style='color:{tokens.muted}'>{html.escape(diagram.meaning)}</span>"
        cards = [(card, self._document(self._card_html(card))) for card in diagram.cards]
        return [(None, self._document(head)), *cards, (None, self._document(result))]

    def _card_html(self, card: Card) -> str:
        tokens = self._theme.tokens
        quiet = f"color:{tokens.muted if not card.state.stops else tokens.text}"
        asked = [self._asked_html(each) for each in card.asked]
        lines = [f"<div style='{quiet}'>{html.escape(line)}</div>" for line in card.lines]
        return "".join([*asked, *lines])

    def _asked_html(self, asked: Asked) -> str:
        function = html.escape(asked.function)
        where = f" <b style='{_css(self._theme.mono_font)}'>{function}</b>" if function else ""
        verb = asked.verb if function else asked.verb.removesuffix(" in")
        names = [html.escape(name) for name in asked.stack]
        stack = " ‹ ".join(f"<u>{name}</u>" if name == function else name for name in names)
        quiet = f"<div style='color:{self._theme.tokens.muted}'>{stack}</div>" if stack else ""
        purpose = f"<div>{html.escape(asked.purpose)}</div>" if asked.purpose else ""
        return f"<div>{html.escape(asked.capability)} {verb}{where}</div>{purpose}{quiet}"

    def _document(self, content: str) -> QTextDocument:
        document = QTextDocument()
        document.setDocumentMargin(0)
        document.setDefaultFont(self._theme.small(self._theme.ui_font))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        document.setDefaultTextOption(option)
        document.setHtml(f"<body style='color:{self._theme.tokens.text}'>{content}</body>")
        return document

    def _head_height(self) -> float:
        return QFontMetricsF(self._theme.bold(self._theme.ui_font)).height() + 2

    # Painting.

    def _paint_wires(self, painter: QPainter) -> None:
        tokens = self._theme.tokens
        reached = True
        for block, following in zip(self._blocks, self._blocks[1:], strict=False):
            if block.card is not None:
                reached = reached and not block.card.state.stops and block.card.state is not State.NOT_REACHED
            pen = QPen(QColor(tokens.passed if reached else tokens.muted), 2)
            if not reached:
                pen.setDashPattern([1.6, 1.6])
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            painter.drawLine(QPointF(_WIRE_AT, block.top + block.height), QPointF(_WIRE_AT, following.top))

    def _paint_card(self, painter: QPainter, block: _Block, card: Card) -> None:
        tokens = self._theme.tokens
        refused = card.state.stops and card.state is not State.FAILED
        ink, tint = self._card_colours(card)
        body = QRectF(0.5, block.top + 0.5, self.width() - 1, block.height - 1)
        painter.save()
        if card.state in (State.NOT_REACHED, State.NOT_ASKED, State.NOT_SEEN):
            painter.setOpacity(_FADED if card.state is State.NOT_REACHED else 0.75)
        painter.setPen(QPen(QColor(ink if refused else tokens.line), 1))
        painter.setBrush(QColor(tint if refused else tokens.panel))
        painter.drawRoundedRect(body, CARD_RADIUS, CARD_RADIUS)
        self._paint_head(painter, body, card, ink)
        painter.translate(_PADDING, block.top + _PADDING - 3 + self._head_height() + 2)
        block.document.drawContents(painter)
        painter.restore()

    def _paint_head(self, painter: QPainter, body: QRectF, card: Card, ink: str) -> None:
        tokens = self._theme.tokens
        bold = self._theme.bold(self._theme.ui_font)
        row = QRectF(body.left() + _PADDING, body.top() + _PADDING - 3, body.width() - 2 * _PADDING, self._head_height())
        size = self._theme.scaled(_SHAPE)
        shape_at = QRectF(row.left(), row.center().y() - size / 2, size, size)
        paint_shape(painter, GATE_SHAPES[card.gate], shape_at, QColor(gate_ink(card.gate, tokens)))
        painter.setFont(bold)
        painter.setPen(QColor(tokens.text))
        metrics = QFontMetricsF(bold)
        sign_room = size + 3 if card.state in _STATE_SHAPES else 0
        title_at = row.adjusted(size + 4, 0, -_CHEVRON - metrics.horizontalAdvance(card.state.value) - sign_room - 4, 0)
        title = metrics.elidedText(card.title, Qt.TextElideMode.ElideRight, title_at.width())
        painter.drawText(title_at, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), title)
        painter.setPen(QColor(self._state_ink(card, ink)))
        word = card.state.value
        painter.drawText(
            row.adjusted(row.width() - _CHEVRON, 0, 0, 0), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), "›"
        )
        row.adjust(0, 0, -_CHEVRON, 0)
        painter.drawText(row, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), word)
        sign = _STATE_SHAPES.get(card.state)
        if sign is not None:
            left = row.right() - metrics.horizontalAdvance(word) - size - 3
            paint_shape(
                painter, sign, QRectF(left, row.center().y() - size / 2 + 1, size - 2, size - 2), QColor(self._state_ink(card, ink))
            )

    def _card_colours(self, card: Card) -> tuple[str, str]:
        tokens = self._theme.tokens
        if card.state is State.KILLED:
            return tokens.killed, tokens.killed_tint
        if card.state is State.ANSWERED:
            return tokens.asked, tokens.passed_tint
        return gate_ink(card.gate, tokens), gate_tint(card.gate, tokens)

    def _state_ink(self, card: Card, ink: str) -> str:
        if card.state is State.PASSED:
            return self._theme.tokens.passed
        return ink if card.state.stops and card.state is not State.FAILED else self._theme.tokens.muted


def _bottom(blocks: list[_Block]) -> int:
    return round(blocks[-1].top + blocks[-1].height) + 1 if blocks else 0


def _css(font: QFont) -> str:
    families = ", ".join(f'"{family}"' for family in font.families())
    return f"font-family:{families}; font-size:{font.pointSizeF()}pt;".replace('"', "")
