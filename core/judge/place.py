"""Where the path of a call led, as the tracer has walked it behind the refused call, and what was open to the thread there."""

from __future__ import annotations

import posixpath
import stat
from collections.abc import Mapping
from typing import Final, NamedTuple

from core.knowledge.landlock import permissions
from core.knowledge.landlock_calls import Need
from core.observer.wire import PLACE, PLACES

READ, WRITE, EXECUTE = 4, 2, 1
_CHANGING: Final = WRITE | EXECUTE
# What it takes to make or remove something in a directory.


class Place(NamedTuple):
    """The directory, or the file, on which a call needs what it needs."""

    path: str
    """Without links."""
    name: str
    """As the call called it."""
    rights: int
    """Those that the policy's Landlock rules give there; 0 where it has none."""
    lacking: int
    """READ, WRITE and EXECUTE, as far as the call needs them and file permissions do not give them."""
    door: str
    """The directory on the way that the thread may not enter; empty where there is none."""
    executable: bool
    """Somebody may execute it."""

    @property
    def permitted(self) -> bool:
        """Whether file permissions, which the kernel asks first, let the call do what it needs."""
        return not self.door and not self.lacking

    @property
    def words(self) -> str:
        """The path, and that it is where the call's one leads, if that is another."""
        return self.path if self.path == self.name else f"{self.path}, to which {self.name} leads"


def place_of(needed: Need, data: Mapping[int, bytes]) -> Place | None:
    """None where it was not walked there. `data`: the call's captures, by their numbers."""
    walked = data.get(PLACES + needed.argument, b"") if needed.fs else b""
    if len(walked) < PLACE.size:
        return None
    in_folder, at_file, may_in_folder, may_at_file, mode = PLACE.unpack_from(walked)
    folder, file, door, *_ = (part.decode(errors="replace") for part in walked[PLACE.size :].split(b"\0"))
    if needed.beside or not file:
        # What is not there yet, and is to be made, has the rights that its directory gives.
        name = needed.path if needed.beside else posixpath.dirname(needed.path)
        return Place(folder, name or ".", in_folder, _CHANGING & ~may_in_folder, door, executable=True)
    executable = stat.S_ISDIR(mode) or bool(mode & 0o111)
    return Place(file, needed.path, at_file, permissions(needed.fs) & ~may_at_file, door, executable)
