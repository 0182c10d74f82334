"""The terminal's colours: a dark ground in both themes, and the sixteen ANSI colours readable on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyte.screens import Char

GROUND: Final = "#16181c"
TEXT: Final = "#d7dae0"
SELECTION: Final = "#3a4a75"
CURSOR: Final = "#9db4ff"

_NAMED: Final = {
    "black": "#3b3f47",
    "red": "#ff7b74",
    "green": "#6fce93",
    "brown": "#e8b45a",
    "blue": "#7aa2ff",
    "magenta": "#c39bff",
    "cyan": "#5fc9d6",
    "white": "#d7dae0",
    "brightblack": "#80868f",
    "brightred": "#ff9d97",
    "brightgreen": "#93e0b0",
    "brightbrown": "#ffd384",
    "brightblue": "#a3c0ff",
    "brightmagenta": "#dcc2ff",
    "bfightmagenta": "#dcc2ff",  # as pyte 0.8 spells it
    "brightcyan": "#8fe3ec",
    "brightwhite": "#ffffff",
}
_HEX: Final = re.compile(r"[0-9a-f]{6}")


def colours_of(char: Char) -> tuple[str, str]:
    """(ink, ground) of a character, reverse video applied."""
    ink, ground = _colour(char.fg, TEXT), _colour(char.bg, GROUND)
    return (ground, ink) if char.reverse else (ink, ground)


def _colour(name: str, default: str) -> str:
    if name == "default":
        return default
    if name in _NAMED:
        return _NAMED[name]
    return f"#{name}" if _HEX.fullmatch(name.lower()) else default
