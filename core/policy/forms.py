"""The two forms of the capabilities, from one to the other: keep or drop, and the sets one by one."""

from __future__ import annotations

import msgspec

from core.knowledge.capabilities import capability_names
from core.observer.wire import CapabilitySets
from core.policy.capabilities import effective_after_exec, target_sets
from core.policy.compile import untouched
from core.policy.error import PolicyError
from core.policy.expert import EXPERT_SETS, SetName, expert_masks
from core.policy.held import Held
from core.policy.identity import Caller, Ids, resolve_identity
from core.policy.model import Capabilities, Identity
from core.policy.securebits import target_securebits


def expert_form(capabilities: Capabilities, identity: Identity, caller: Caller) -> Capabilities:
    """The sets that the simple form comes out as for this caller; for one who may not have them, as for one who holds everything.

    Raises `PolicyError` for a name that is no capability.
    """
    ids, held = _launcher(identity, caller)
    try:
        sets = _targets(capabilities, identity, held, ids)
    except PolicyError:
        sets = _targets(capabilities, identity, Held.everything(caller.last_capability), ids)
    masks = {name: getattr(sets, name) for name in EXPERT_SETS}
    return Capabilities(**{name: capability_names(bits) for name, bits in masks.items() if bits is not None})


def simple_form(capabilities: Capabilities, identity: Identity, caller: Caller) -> Capabilities | None:
    """What an ordinary program would hold after exec under these sets, as what is kept; None where they leave everything as it is.

    Raises `PolicyError` for a name that is no capability or no securebit.
    """
    if capabilities == Capabilities():
        return None
    ids, held = _launcher(identity, caller)
    sets = expert_masks(capabilities, held)
    bits = target_securebits(capabilities, Held.everything(caller.last_capability))
    securebits = held.securebits if bits is None else bits
    kept = effective_after_exec(sets, held, uid=ids.target_uid, securebits=securebits, uid_changes=ids.uid is not None)
    if identity.no_new_privs:
        kept &= held.permitted if sets.permitted is None else sets.permitted
    return Capabilities(keep=("ALL",) if kept == held.giveable else capability_names(kept))


def launching_held(identity: Identity, caller: Caller) -> Held:
    """What whoever launches holds over the target: in a user namespace of its own, everything."""
    return Held.everything(caller.last_capability, caller.held.ways) if identity.user_namespace else caller.held


def as_they_are(name: SetName, held: Held) -> int:
    """What a set holds before exec where the policy leaves it alone."""
    bits: int = getattr(held, name)
    return bits


def with_set(capabilities: Capabilities | None, name: SetName, bits: int | None) -> Capabilities | None:
    """The same with another mask for one set, None to leave that as it is; None where then nothing is chosen at all."""
    names = None if bits is None else capability_names(bits)
    changed = msgspec.structs.replace(capabilities or Capabilities(), **{name: names})
    return None if changed == Capabilities() else changed


def _launcher(identity: Identity, caller: Caller) -> tuple[Ids, Held]:
    try:
        ids = resolve_identity(identity, caller)
    except PolicyError:  # said where the identity is chosen
        ids = Ids(None, None, None, target_uid=0 if identity.user in ("root", 0) else caller.me.uid)
    return ids, launching_held(identity, caller)


def _targets(capabilities: Capabilities, identity: Identity, held: Held, ids: Ids) -> CapabilitySets:
    return target_sets(capabilities, held, uid=ids.target_uid, no_new_privs=identity.no_new_privs, untouched=untouched(held, ids))
