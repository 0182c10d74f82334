"""What each kind of a policy's paths means, and what this kernel lacks of it, as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from core.knowledge.landlock import PATH_KINDS, PORT_KINDS, RIGHT, RIGHTS, SINCE, Kind, newer

INTRODUCTION: Final = "“Open only what lies below /usr” is nothing that a seccomp filter can say: it sees the pointer, not the path behind it. Landlock looks at the file."
NEEDS_NO_NEW_PRIVS: Final = "⚠ Without no_new_privs the kernel takes a Landlock ruleset only from a process that holds SYS_ADMIN."

_REFER: Final = RIGHT["refer"]
"""What a kernel that does not know it refuses everywhere, not nowhere (landlock.h)."""

CHOICES: Final[Mapping[Kind, str]] = {
    "read": "Re&ading: only below these",
    "write": "&Writing: only below these",
    "execute": "E&xecuting: only below these",
    "connect": "&Connecting: only to these TCP ports",
    "bind": "&Binding: only these TCP ports",
}
"""What the checkbox of each kind says."""


def kind_sentence(kind: Kind, listed: Sequence[object] | None, abi: int) -> str:
    """What the kind covers, or that it is left open; and what a kernel with this ABI cannot refuse of it."""
    if listed is None:
        return "Left open."
    lacking = [right for right in newer(kind, abi) if right is not _REFER]
    covers = _list([right.doing for right in RIGHTS if right.kind == kind and right.abi <= abi])
    where = "on these only; UDP and other sockets are left alone" if kind in PORT_KINDS else "below these only"
    sentences = [f"It may {covers} {where if listed else 'nowhere: nothing is listed'}."] if covers else []
    if kind in PATH_KINDS and 0 < abi < _REFER.abi:
        sentences.append(f"This kernel then refuses to {_REFER.doing} everywhere: {_since(_REFER.abi)} can allow it.")
    if lacking:
        sentences.append(f"This kernel cannot refuse to {_list([right.doing for right in lacking])}: {_since(lacking[0].abi)} can.")
    return " ".join(sentences)


def needs_sentence(program: str, read: Sequence[str], execute: Sequence[str]) -> str:
    """What must be added so that the program can start; empty where nothing must."""
    parts = [f"to {verb} {_list(paths)}" for verb, paths in (("execute", execute), ("read", read)) if paths]
    return f"{program} cannot start so. It needs {', and '.join(parts)}." if parts else ""


def _since(abi: int) -> str:
    return f"Landlock ABI {abi} (Linux {SINCE[abi]})"


def _list(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
