"""The id maps of a user namespace: what the kernel takes as one, who may set it, and what it makes of an id.

Source: user_namespaces(7), and map_write with new_idmap_permitted in the kernel's kernel/user_namespace.c.
"""

from __future__ import annotations

import itertools
from typing import Final, Literal

from core.policy.error import PolicyError, quoted
from core.policy.held import Held
from core.policy.model import IdMap

Kind = Literal["uid", "gid"]

MAX_ID: Final = 2**32 - 2
"""The largest uid or gid; the kernel keeps the next for "none"."""

_MAX_LINES: Final = 340  # UID_GID_MAP_MAX_EXTENTS
_MAX_BYTES: Final = 4095  # the file takes one write of less than a page
_SET_IDS: Final[dict[Kind, tuple[int, str]]] = {"gid": (6, "SETGID"), "uid": (7, "SETUID")}
_SETFCAP: Final = 31


def check_id_map(kind: Kind, lines: IdMap) -> None:
    """What the kernel refuses from everyone, with EINVAL. Raises `PolicyError`."""
    key = f"identity.{kind}_map"
    if not lines:
        raise PolicyError(key, f"is empty, so that no {kind} would exist in the namespace: give [inside, outside, count], or leave it out.")
    if len(lines) > _MAX_LINES or sum(len(f"{inside} {outside} {count}\n") for inside, outside, count in lines) > _MAX_BYTES:
        raise PolicyError(
            key, f"is longer than the kernel takes ({_MAX_LINES} lines, {_MAX_BYTES} bytes): join lines that follow each other."
        )
    for index, line in enumerate(lines):
        _check_line(f"{key}[{index}]", line)
    for (first, one), (second, other) in itertools.combinations(enumerate(lines), 2):
        for side, word in enumerate(("inside", "outside")):
            if one[side] < other[side] + other[2] and other[side] < one[side] + one[2]:
                raise PolicyError(
                    f"{key}[{second}]", f"{quoted(other)} has ids {word} that {key}[{first}] has too: each {kind} stands for one other."
                )


def _check_line(key: str, line: tuple[int, int, int]) -> None:
    inside, outside, count = line
    if count < 1:
        raise PolicyError(key, f"{quoted(line)} maps {count} ids: [inside, outside, count] needs a count of at least 1.")
    if min(inside, outside) < 0 or max(inside, outside) + count - 1 > MAX_ID:
        raise PolicyError(key, f"{quoted(line)} leaves the range of ids: [inside, outside, count] must stay within 0 to {MAX_ID}.")


def check_may_map(key: str, kind: Kind, lines: IdMap, own: int, held: Held) -> None:
    """What the kernel refuses from an observer with the id `own` outside, with EPERM. Raises `PolicyError` that says how to get it."""
    number, name = _SET_IDS[kind]
    if not held.permitted >> number & 1 and not is_own(lines, own):
        raise PolicyError(
            key,
            f"{quoted(lines)} cannot be mapped: without {name} the kernel lets an observer map its own {kind} only, one line: "
            f"[[{lines[0][0]}, {own}, 1]]. Write that, or run the observer as root ({held.ways.root}).",
        )
    # Whoever stands for root could otherwise make files whose capabilities count outside (since Linux 5.12).
    if kind == "uid" and not held.permitted >> _SETFCAP & 1 and inside_of(lines, 0) is not None:
        raise PolicyError(
            key,
            "cannot map root (uid 0 outside): the kernel wants SETFCAP for that, and the observer does not hold it. Leave uid 0 out of the map.",
        )


def is_own(lines: IdMap, own: int) -> bool:
    """Whether this is the one map that an observer without privilege may set: a single line, for its own id outside."""
    return len(lines) == 1 and lines[0][1:] == (own, 1)


def inside_of(lines: IdMap, outside: int) -> int | None:
    """The id that stands for one outside; None where it has none."""
    return next((first + outside - lower for first, lower, count in lines if lower <= outside < lower + count), None)


def has_inside(lines: IdMap, inside: int) -> bool:
    """Whether there is such an id in the namespace."""
    return any(first <= inside < first + count for first, _, count in lines)
