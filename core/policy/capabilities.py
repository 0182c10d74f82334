"""From the policy's capability names to the masks that make the kernel hold exactly these after exec.

Source: capabilities(7); the kernel's security/commoncap.c (cap_capset, cap_bprm_creds_from_file, cap_task_prctl).
"""

from __future__ import annotations

from core.observer.wire import CapabilitySets
from core.policy.error import PolicyError
from core.policy.expert import expert_sets
from core.policy.held import Held, mask, names_of, not_held
from core.policy.model import Capabilities
from core.policy.securebits import NO_CAP_AMBIENT_RAISE, NOROOT


def target_sets(capabilities: Capabilities | None, held: Held, *, uid: int, no_new_privs: bool, untouched: int = ~0) -> CapabilitySets:
    """The sets to give before exec, for a target that runs as `uid` (inside its user namespace).

    `held` is what the launcher holds there. The simple form comes out so that an ordinary program holds exactly the named capabilities
    after exec, and so that nothing that it runs can have more. `drop` only takes away: `untouched` is what the target would hold if nothing
    were said, so that dropping NET_RAW from an ordinary user does not give him all the rest. Raises `PolicyError` where the kernel would refuse, or could not keep that promise.
    """
    if capabilities is None:
        return CapabilitySets()
    if capabilities.keep is not None or capabilities.drop is not None:
        return _simple_sets(capabilities, held, uid, no_new_privs, untouched)
    return expert_sets(capabilities, held)


def effective_after_exec(sets: CapabilitySets, held: Held, *, uid: int, securebits: int, uid_changes: bool) -> int:
    """What an ordinary program (neither setuid nor with file capabilities) holds effectively after exec, without no_new_privs."""
    inheritable = held.inheritable if sets.inheritable is None else sets.inheritable
    if _root_gains(uid, securebits):
        return inheritable | (held.bounding if sets.bounding is None else sets.bounding)
    if sets.ambient is None:
        # setresuid away from root clears the ambient set, capset keeps it within permitted and inheritable.
        permitted = held.permitted if sets.permitted is None else sets.permitted
        return 0 if uid_changes else held.ambient & permitted & inheritable
    return sets.ambient


def _root_gains(uid: int, securebits: int) -> bool:
    return uid == 0 and not securebits & NOROOT


# ── the simple form ───────────────────────────────────────────────────────────────────────────────────────────────


def _simple_sets(capabilities: Capabilities, held: Held, uid: int, no_new_privs: bool, untouched: int) -> CapabilitySets:
    if capabilities.keep is not None:
        kept = mask(capabilities.keep, "capabilities.keep", held.giveable)
        if missing := kept & ~held.giveable:
            raise PolicyError("capabilities.keep", not_held(missing, held))
        wanted_bounding = mask(capabilities.keep, "capabilities.keep", held.bounding)
    else:
        dropped = mask(capabilities.drop or (), "capabilities.drop", held.bounding | held.permitted)
        kept = held.giveable & untouched & ~dropped
        wanted_bounding = held.bounding & ~dropped
    bounding = _bounding_for(wanted_bounding, held, no_new_privs)
    if _root_gains(uid, held.securebits):
        # exec gives root inheritable | bounding, whatever is permitted before; no_new_privs then cuts it down to what was permitted.
        return CapabilitySets(bounding=bounding, permitted=kept, effective=kept, inheritable=0, ambient=0)
    if kept and held.securebits & NO_CAP_AMBIENT_RAISE:
        sentence = "cannot be kept over exec: the observer runs with the securebit no-cap-ambient-raise. Start the observer elsewhere."
        raise PolicyError(f"capabilities.{'drop' if capabilities.keep is None else 'keep'}", f"{names_of(kept)} {sentence}")
    return CapabilitySets(bounding=bounding, permitted=kept, effective=kept, inheritable=kept, ambient=kept)


def _bounding_for(wanted: int, held: Held, no_new_privs: bool) -> int | None:
    if wanted == held.bounding:
        return None
    if held.may_set:
        return wanted
    if no_new_privs:
        # The bounding set only limits what exec gains, and under no_new_privs exec gains nothing.
        return None
    raise PolicyError(
        "identity.no_new_privs",
        "must be true for this policy: without it, a setuid program or file capabilities could bring a dropped capability back, and taking it "
        f"from the bounding set needs SETPCAP, which the observer does not hold. Set it so. Or: {held.ways.more}.",
    )
