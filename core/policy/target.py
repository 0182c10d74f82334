"""What a policy is applied to: a program, resolved as execve wants it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """A program that was found, and how it is started."""

    executable: str
    """Absolute path of the file for execve."""
    argv: tuple[str, ...]
    """argv[0] is the name as the user typed it."""
    environment: Mapping[str, str]
    directory: str
    """Absolute; the working directory."""
