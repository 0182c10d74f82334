"""How more privilege is had in the window: by menus and panels."""

from __future__ import annotations

from typing import Final

from core.ways import Ways

WINDOW: Final = Ways(
    root="Run → Observer → Root",
    own="Run → Observer → You",
    command="Run → Observer → Custom",
    namespace="choose a user namespace in the panel “Identity”",
)
