"""A policy from wherever its path leads: no file, whatever it is, holds up the one who asks, or fills the memory."""

from __future__ import annotations

import os
import select
import stat
from pathlib import Path
from typing import Final

from core.policy.error import PolicyError
from core.policy.file import decode
from core.policy.model import Policy

_LARGEST: Final = 1 << 20
"""A policy of a thousand rules has 200 KiB; more than this is no policy."""
_PATIENCE: Final = 5.0
"""Seconds that a pipe may be silent for: what writes to it may have to ask another machine first."""


def read_policy(path: Path, *, pipes: bool = False) -> Policy:
    """Reads and decodes. Raises `PolicyError` for what is no policy, OSError where it cannot be read.

    `pipes`: also from a pipe to which somebody writes, as a shell's <(COMMAND) is one; that waits for the writer.
    """
    # A pipe without a writer, or a file of /proc with nothing to tell yet, would otherwise be waited for.
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        mode = os.fstat(fd).st_mode
        if not (stat.S_ISREG(mode) or (pipes and stat.S_ISFIFO(mode))):
            raise PolicyError("", "this is not an ordinary file: choose a policy file, such as policy.toml.")
        content = _read(fd, wait=stat.S_ISFIFO(mode))
    finally:
        os.close(fd)
    if len(content) > _LARGEST:
        raise PolicyError("", f"this is not a policy: it is larger than {_LARGEST >> 20} MiB. Choose a policy file, such as policy.toml.")
    try:
        return decode(content.decode("utf-8"))
    except UnicodeDecodeError as err:
        raise PolicyError("", "this is not a policy: it is not UTF-8 text. Choose a TOML file, or save this one as UTF-8.") from err


def _read(fd: int, *, wait: bool) -> bytes:
    """All there is, but no more than shows that it is too much."""
    content = bytearray()
    while len(content) <= _LARGEST:
        try:
            part = os.read(fd, _LARGEST + 1 - len(content))
        except BlockingIOError:
            if not wait:
                raise
            if not select.select([fd], [], [], _PATIENCE)[0]:
                raise PolicyError("", f"nothing has come from this pipe for {_PATIENCE:.0f} seconds: see what writes to it.") from None
            continue
        if not part:
            break
        content += part
    if wait and not content:
        raise PolicyError("", "this pipe is empty, and nobody writes to it: choose a policy file, such as policy.toml.")
    return bytes(content)
