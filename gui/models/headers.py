"""What the header of a table or tree says of a column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt


def header_value(titles: Mapping[Any, tuple[str, str]], section: int, role: int, alignment: Qt.AlignmentFlag) -> Any:
    """For `headerData`: the title, or the tip; `titles` by column, `alignment` the column's own."""
    title, tip = titles[section]
    values = {Qt.ItemDataRole.DisplayRole: title, Qt.ItemDataRole.ToolTipRole: tip, Qt.ItemDataRole.TextAlignmentRole: alignment}
    return values.get(Qt.ItemDataRole(role))
