"""Observers to compile for: root as a machine without SYS_RESOURCE has it, an ordinary user, and root's observer asked by a user."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from core.policy.held import Held
from core.policy.identity import ROOT, Caller, User
from core.ways import COMMAND_LINE

LAST = 40
FULL = (2 << LAST) - 1
SYS_RESOURCE = 1 << 24
HELD_BY_ROOT = FULL & ~SYS_RESOURCE

ALICE = User(1000, 1000, (1000, 27))
BOB = User(1001, 1002, (1002,))
_USERS = {"alice": ALICE, 1000: ALICE, "bob": BOB, 1001: BOB}
_GROUPS = {"sudo": 27, "audio": 29}

ROOT_CALLER = Caller(
    me=ROOT,
    observer=User(0, 0, (0,)),
    held=Held(bounding=HELD_BY_ROOT, permitted=HELD_BY_ROOT, effective=HELD_BY_ROOT),
    last_capability=LAST,
    find_user=_USERS.get,
    find_group=_GROUPS.get,
)
ORDINARY_CALLER = dataclasses.replace(ROOT_CALLER, me=ALICE, observer=ALICE, held=Held(bounding=HELD_BY_ROOT, permitted=0))
SUDO_CALLER = dataclasses.replace(ROOT_CALLER, me=ALICE)


def bit(number: int) -> int:
    """The mask of one capability."""
    return 1 << number


def this_process() -> Caller:
    """The caller that this test process is, from its own status; there is no user database."""
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    sets = {name: int(status[f"Cap{key}"], 16) for name, key in _STATUS_KEYS.items()}
    user = User(os.geteuid(), os.getegid(), tuple(os.getgroups()))
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    return Caller(user, user, Held(**sets, ways=COMMAND_LINE), last, find_user=lambda _: None, find_group=lambda _: None)


_STATUS_KEYS = {"bounding": "Bnd", "permitted": "Prm", "effective": "Eff", "inheritable": "Inh", "ambient": "Amb"}
