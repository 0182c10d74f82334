"""Who will launch the target, as far as it can be said before an observer has been asked."""

from __future__ import annotations

import os

from core.policy.error import PolicyError
from core.policy.identity import Caller, resolve_identity
from core.policy.model import Policy
from core.users import needs_root
from gui.after_exec import own_caller


def likely_caller(policy: Policy, prefix: str = "") -> Caller:
    """This user, or root where the policy or the chosen prefix (as `RunFlow.observer` has it) makes the observer root's.

    Behind a prefix of the user's own nobody knows yet: only what binds everyone is then to be called impossible.
    """
    return own_caller(as_root=prefix != "none" if prefix else needs_root(policy.identity) and os.getuid() != 0)


def identity_problem(policy: Policy, caller: Caller) -> PolicyError | None:
    """What this caller may not have of the policy's identity."""
    try:
        resolve_identity(policy.identity, caller)
    except PolicyError as err:
        return err
    return None
