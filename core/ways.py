"""How more privilege is had, in the words of whoever shows the sentence: the command line's, or the window's (`gui.ways`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final


@dataclasses.dataclass(frozen=True, slots=True)
class Ways:
    """What to do, as it stands in a sentence."""

    root: str
    """For an observer that is root's: where "run the observer as root (…)" leads."""
    own: str
    """For one without privilege: where "run without root (…)" leads."""
    command: str
    """Where what starts the observer behind a prefix is named."""
    namespace: str
    """For a user namespace of the target's own, as an order."""

    @property
    def more(self) -> str:
        """For a capability that the observer does not hold; an order, not closed."""
        return f"run the observer as root ({self.root}), or {self.namespace}"


COMMAND_LINE: Final = Ways(
    root="--observer sudo",
    own="--observer none",
    command="--observer-command",
    namespace="set identity.user_namespace = true",
)


def why_not(obstacle: Mapping[str, Any] | None, ways: Ways) -> str | None:
    """Why an engine does not work, as HELLO has it, with how to get it; None where it works. Raises KeyError where HELLO is not whole."""
    if obstacle is None:
        return None
    return f"{obstacle['reason']}: run the observer as root ({ways.root})" if obstacle["root_helps"] else str(obstacle["reason"])


def capitalised(order: str) -> str:
    """An order at the start of a sentence."""
    return order[0].upper() + order[1:]
