"""What the target will hold once it runs, as far as the policy and this user's own privileges say; the run itself has the last word."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from core.observer.records import read_credentials
from core.policy.capabilities import effective_after_exec, target_sets
from core.policy.held import Held, it, names_of
from core.policy.identity import ROOT, Caller, User, resolve_identity
from core.policy.model import Policy
from core.policy.securebits import target_securebits
from core.users import find_group, find_user, invoking_user

_FEW = 3
"""Names in a line; more are counted."""


@dataclasses.dataclass(frozen=True, slots=True)
class AfterExec:
    """Masks with bit n for capability n, of an ordinary program: neither setuid nor with file capabilities."""

    permitted: int
    effective: int
    ambient: int
    bounding: int
    lost: int
    """What the bounding set lacks of what there is."""
    no_new_privs: bool

    @property
    def counts(self) -> str:
        """ "permitted 5 · effective 5 · ambient 0"."""
        sets = {"permitted": self.permitted, "effective": self.effective, "ambient": self.ambient}
        return " · ".join(f"{name} {mask.bit_count()}" for name, mask in sets.items())

    @property
    def outlook(self) -> str:
        """What it could still gain, as a sentence."""
        if self.lost:
            return f"bounding lacks {_few(self.lost)}: {it(self.lost).replace('them', 'they')} cannot be regained"
        if self.no_new_privs:
            return "bounding is whole, but no_new_privs: nothing it starts can gain more"
        return "bounding is whole: a setuid program can gain the rest"


def own_caller(*, as_root: bool) -> Caller:
    """This process as the one that launches; `as_root`: through an observer that runs as root, and holds everything."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="ascii"))
    mine = read_credentials(os.getpid(), securebits=0)
    held = Held(mine.bounding, mine.permitted, mine.effective, mine.inheritable, mine.ambient)
    observer = User(os.getuid(), os.getgid(), tuple(os.getgroups()))
    if as_root:
        held, observer = Held.everything(last), ROOT
    return Caller(invoking_user(), observer, held, last, find_user, find_group)


def after_exec(policy: Policy, caller: Caller) -> AfterExec:
    """Raises PolicyError where this caller may not have what the policy asks for."""
    ids = resolve_identity(policy.identity, caller)
    held = Held.everything(caller.last_capability) if policy.identity.user_namespace else caller.held
    no_new_privs = policy.identity.no_new_privs
    sets = target_sets(policy.capabilities, held, uid=ids.target_uid, no_new_privs=no_new_privs)
    securebits = target_securebits(policy.capabilities, held)
    bits = held.securebits if securebits is None else securebits
    effective = effective_after_exec(sets, held, uid=ids.target_uid, securebits=bits, uid_changes=ids.uid is not None)
    if no_new_privs:
        effective &= held.permitted if sets.permitted is None else sets.permitted
    bounding = held.bounding if sets.bounding is None else sets.bounding
    return AfterExec(
        permitted=effective,
        effective=effective,
        ambient=effective if ids.target_uid != 0 else 0,
        bounding=bounding,
        lost=Held.everything(caller.last_capability).bounding & ~bounding,
        no_new_privs=no_new_privs,
    )


def _few(mask: int) -> str:
    return names_of(mask) if mask.bit_count() <= _FEW else str(mask.bit_count())
