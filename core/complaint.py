"""What ends a command: a sentence and an exit status."""

from __future__ import annotations

from typing import Final

USAGE_STATUS: Final = 2
"""What was asked for cannot be done as asked."""

FAILURE_STATUS: Final = 1
"""It could be asked for, and failed."""


class Complaint(Exception):
    """Ends the command with this sentence on stderr, and this exit status."""

    def __init__(self, sentence: str, status: int = USAGE_STATUS) -> None:
        super().__init__(sentence)
        self.status = status
