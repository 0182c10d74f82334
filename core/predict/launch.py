"""What the child holds just before its execve: the launch's steps over what the observer holds.

Source: the order of core/observer/launch.py; cap_emulate_setxuid, cap_capset and cap_task_prctl in security/commoncap.c, create_user_ns in
kernel/user_namespace.c.
"""

from __future__ import annotations

import dataclasses
from typing import Final

from core.observer.wire import CapabilitySets, LaunchSpec
from core.policy.held import Held
from core.policy.identity import Caller, User
from core.policy.securebits import SECUREBITS
from core.predict.credentials import Credentials, Sets, inside

_OVERFLOW: Final = 65534
"""What a namespace shows of ids that it does not map: /proc/sys/kernel/overflowuid."""
_NO_SETUID_FIXUP: Final = SECUREBITS["no-setuid-fixup"]
_KEEP_CAPS: Final = SECUREBITS["keep-caps"]


def before_exec(spec: LaunchSpec, caller: Caller) -> Credentials:
    """The credentials with which the launched child calls execve, if the kernel lets every step pass."""
    held, user = caller.held, caller.observer
    if spec.user_namespace:
        held, user = Held.everything(caller.last_capability), _inside(spec, caller.observer)
    sets = Sets(held.bounding, held.permitted, held.effective, held.inheritable, held.ambient)
    securebits = held.securebits
    if spec.uid is not None:
        sets, securebits = _change_uid(sets, user.uid, spec.uid, securebits), securebits | _KEEP_CAPS
    uid = user.uid if spec.uid is None else spec.uid
    gid = user.gid if spec.gid is None else spec.gid
    return Credentials(
        sets=_apply(sets, spec.capabilities),
        uid=uid,
        euid=uid,
        suid=uid,
        gid=gid,
        egid=gid,
        sgid=gid,
        groups=frozenset(user.groups if spec.groups is None else spec.groups),
        securebits=securebits if spec.securebits is None else spec.securebits,
        no_new_privs=spec.no_new_privs,
        uid_map=spec.uid_map if spec.user_namespace else None,
        gid_map=spec.gid_map if spec.user_namespace else None,
    )


def _inside(spec: LaunchSpec, user: User) -> User:
    """The observer's ids as the new namespace shows them."""
    uid, gid, *groups = (
        _OVERFLOW if (mapped := inside(number, id_map)) is None else mapped
        for number, id_map in ((user.uid, spec.uid_map), (user.gid, spec.gid_map), *((group, spec.gid_map) for group in user.groups))
    )
    return User(uid, gid, tuple(groups))


def _change_uid(sets: Sets, old: int, new: int, securebits: int) -> Sets:
    """setresuid under KEEPCAPS, and the effective set raised again to what is permitted."""
    from_root = old == 0 and new != 0 and not securebits & _NO_SETUID_FIXUP
    return dataclasses.replace(sets, effective=sets.permitted, ambient=0 if from_root else sets.ambient)


def _apply(sets: Sets, wanted: CapabilitySets) -> Sets:
    bounding = sets.bounding if wanted.bounding is None else sets.bounding & wanted.bounding
    permitted = sets.permitted if wanted.permitted is None else wanted.permitted
    effective = sets.effective & permitted if wanted.effective is None else wanted.effective
    inheritable = sets.inheritable if wanted.inheritable is None else wanted.inheritable
    ambient = sets.ambient & permitted & inheritable if wanted.ambient is None else wanted.ambient
    return Sets(bounding, permitted, effective, inheritable, ambient)
