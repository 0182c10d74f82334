"""From a policy, a target and a caller to the one launch that the observer carries out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.observer.wire import CapabilitySets, CapturePlan, Engine, FilterSpec, LaunchSpec, Stream
from core.policy.capabilities import effective_after_exec, target_sets
from core.policy.check import check
from core.policy.error import PolicyError
from core.policy.held import Held
from core.policy.identity import Caller, Ids, resolve_identity
from core.policy.model import Policy, Seccomp
from core.policy.paths import landlock_ruleset
from core.policy.securebits import target_securebits
from core.policy.stack import layers
from core.policy.target import Target

_SYS_ADMIN: Final = 1 << 21
_PTY: Final[tuple[Stream, Stream, Stream]] = ("pty", "pty", "pty")


def compile_policy(
    policy: Policy,
    target: Target,
    caller: Caller,
    *,
    engine: Engine,
    filters: Sequence[bytes] = (),
    stdio: tuple[Stream, Stream, Stream] = _PTY,
    rows: int = 24,
    columns: int = 80,
    same_cpu: bool = True,
    captures: tuple[CapturePlan, ...] = (),
) -> LaunchSpec:
    """The launch that puts `target` under exactly this policy.

    `filters` are the programs built from `policy.seccomp` (mode "filter" only), in the order in which they are loaded.
    Raises `PolicyError` for what `check` refuses and for what this caller may not have, saying how to get it.
    """
    check(policy)
    stack = layers(policy.seccomp) if policy.seccomp.mode == "filter" else ()
    if len(stack) != len(filters):
        raise ValueError('the mode "filter" needs the built filters, all of them; the other modes have none')
    ids = resolve_identity(policy.identity, caller)
    held = Held.everything(caller.last_capability, caller.held.ways) if policy.identity.user_namespace else caller.held
    no_new_privs = policy.identity.no_new_privs
    sets = target_sets(policy.capabilities, held, uid=ids.target_uid, no_new_privs=no_new_privs, untouched=untouched(held, ids))
    securebits = target_securebits(policy.capabilities, held)
    landlock = landlock_ruleset(policy.paths, caller.landlock)
    if not no_new_privs:
        if filters:
            _check_may_filter(policy.seccomp, sets, securebits, held, ids)
        if landlock is not None:
            _check_may_restrict(sets, held, ids)
    return LaunchSpec(
        executable=target.executable,
        argv=target.argv,
        environment=tuple(target.environment.items()),
        directory=target.directory,
        engine=engine,
        uid=ids.uid,
        gid=ids.gid,
        groups=ids.groups,
        user_namespace=policy.identity.user_namespace,
        uid_map=ids.uid_map,
        gid_map=ids.gid_map,
        no_new_privs=no_new_privs,
        capabilities=sets,
        securebits=securebits,
        landlock=landlock,
        filters=tuple(FilterSpec(program, layer.flags) for program, layer in zip(filters, stack, strict=True)),
        strict=policy.seccomp.mode == "strict",
        judge_from=policy.seccomp.judge_from,
        stdio=stdio,
        rows=rows,
        columns=columns,
        same_cpu=same_cpu,
        captures=captures,
    )


def untouched(held: Held, ids: Ids) -> int:
    """What an ordinary program would hold after exec if the policy said nothing of capabilities; all of them in a namespace of its own."""
    if ids.uid_map:
        return held.giveable
    nothing = CapabilitySets()
    return effective_after_exec(nothing, held, uid=ids.target_uid, securebits=held.securebits, uid_changes=ids.uid is not None)


def _check_may_filter(seccomp: Seccomp, sets: CapabilitySets, securebits: int | None, held: Held, ids: Ids) -> None:
    # seccomp(2) is called by the target's own process, with what it holds at that moment.
    if seccomp.judge_from == "execve":
        effective = _effective_before_exec(sets, held, ids)
    else:
        bits = held.securebits if securebits is None else securebits
        effective = effective_after_exec(sets, held, uid=ids.target_uid, securebits=bits, uid_changes=ids.uid is not None)
    if not effective & _SYS_ADMIN:
        raise PolicyError(
            "identity.no_new_privs",
            "must be true for this policy: the kernel lets a process load a filter only under no_new_privs or with SYS_ADMIN, and the target "
            f"would have neither at judge_from = {seccomp.judge_from!r}. Set no_new_privs = true, or let the target keep SYS_ADMIN.".replace(
                "'", '"'
            ),
        )


def _check_may_restrict(sets: CapabilitySets, held: Held, ids: Ids) -> None:
    if not _effective_before_exec(sets, held, ids) & _SYS_ADMIN:
        raise PolicyError(
            "identity.no_new_privs",
            "must be true for this policy: the kernel lets a process restrict itself with Landlock only under no_new_privs or with SYS_ADMIN, and "
            "the target would have neither. Set no_new_privs = true, let the target keep SYS_ADMIN, or take [paths] out.",
        )


def _effective_before_exec(sets: CapabilitySets, held: Held, ids: Ids) -> int:
    if sets.effective is not None:
        return sets.effective
    return held.effective if ids.uid is None else held.permitted  # the launch raises again what setresuid cleared
