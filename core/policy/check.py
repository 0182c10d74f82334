"""What a policy's values mean: every name, number and combination that a file may hold but a policy may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from core.knowledge.groups import GROUPS
from core.policy.action import ActionKind, parse_action
from core.policy.architectures import ARCHITECTURES, MAX_NUMBER, check_call_name
from core.policy.capabilities import target_sets
from core.policy.error import PolicyError, quoted, suggestion
from core.policy.expert import EXPERT_SETS
from core.policy.held import Held
from core.policy.id_maps import MAX_ID, check_id_map
from core.policy.id_maps import Kind as MapKind
from core.policy.model import ArgumentTest, Capabilities, Filter, Identity, IdMap, Policy, Rule, Seccomp
from core.policy.paths import check_paths
from core.policy.rules import U64, number, resolve_test
from core.policy.securebits import target_securebits
from core.policy.stack import layers

_A = TypeVar("_A")
_T = TypeVar("_T")


def check(policy: Policy) -> None:
    """Raises `PolicyError` for the first value that means nothing, that the kernel would refuse from everyone, or that is not supported yet.

    What depends on who runs it is for `core.policy.compile.compile_policy`.
    """
    _check_identity(policy.identity)
    if policy.capabilities is not None:
        check_capabilities(policy.capabilities)
    _check_seccomp(policy.seccomp)
    if policy.paths is not None:
        check_paths(policy.paths)


def _check_identity(identity: Identity) -> None:
    _check_id("identity.user", identity.user)
    if identity.group is not None:
        _check_id("identity.group", identity.group)
    for index, group in enumerate(identity.groups or ()):
        _check_id(f"identity.groups[{index}]", group)
    maps: tuple[tuple[MapKind, IdMap | None], ...] = (("uid", identity.uid_map), ("gid", identity.gid_map))
    for kind, lines in maps:
        if lines is not None:
            if not identity.user_namespace:
                raise PolicyError(f"identity.{kind}_map", "goes only with user_namespace = true: set that, or take the map out.")
            check_id_map(kind, lines)


def _check_id(key: str, value: str | int) -> None:
    if value == "" or (isinstance(value, int) and not 0 <= value <= MAX_ID):
        raise PolicyError(key, f"{quoted(value)} is not allowed: it must be a name, or a number from 0 to {MAX_ID}.")


# ── capabilities ──────────────────────────────────────────────────────────────────────────────────────────────────


def check_capabilities(capabilities: Capabilities) -> None:
    """The capabilities' part of `check`: names, one form only, and the kernel's rules for combining the sets."""
    given = [name for name in ("keep", "drop", *EXPERT_SETS, "securebits") if getattr(capabilities, name) is not None]
    simple = [name for name in given if name in ("keep", "drop")]
    if simple and len(given) > 1:
        other = next(name for name in given if name != simple[0])
        raise PolicyError(f"capabilities.{other}", f'cannot stand beside "{simple[0]}": choose keep, or drop, or the sets one by one.')
    # Whoever holds everything meets only those of the kernel's rules that bind everyone.
    everyone = Held.everything(63)
    target_sets(capabilities, everyone, uid=0, no_new_privs=True)
    target_securebits(capabilities, everyone)


# ── seccomp ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _check_seccomp(seccomp: Seccomp) -> None:
    for layer in layers(seccomp):
        _check_filter(layer.filter, layer.key)
    if seccomp.mode == "strict" and seccomp.judge_from == "execve":
        raise PolicyError(
            "seccomp.judge_from",
            '"execve" is not possible in strict mode, which would kill the process at its own execve. Allowed: first-instruction, entry, main.',
        )


def _check_filter(one: Filter, key: str) -> None:
    _check_action(f"{key}.default", one.default)
    _check_action(f"{key}.bad_arch", one.bad_arch)
    if not one.architectures:
        raise PolicyError(f"{key}.architectures", f"is empty: the filter would judge no call. Allowed: {', '.join(ARCHITECTURES)}.")
    for index, name in enumerate(one.architectures):
        if name not in ARCHITECTURES:
            close = suggestion(name, ARCHITECTURES)
            raise PolicyError(
                f"{key}.architectures[{index}]",
                f"{quoted(name)} is not an architecture{close or '.'} Allowed: {', '.join(ARCHITECTURES)}.",
            )
    for index, flag in enumerate(one.flags):
        if flag == "wait-killable":
            raise PolicyError(
                f"{key}.flags[{index}]", '"wait-killable" is not supported yet: the kernel takes it only with the action ask.'
            )
    for index, rule in enumerate(one.rules):
        check_rule(rule, f"{key}.rules[{index}]")


def _check_action(key: str, text: str) -> None:
    action = _told(key, parse_action, text)
    if action.kind is ActionKind.ASK:
        raise PolicyError(key, '"ask" is not supported yet: there is no prompt to answer it. Choose another action, such as errno:EPERM.')


def check_rule(rule: Rule, key: str) -> None:
    """One rule's part of `check`; `key` is its place, "seccomp.rules[0]"."""
    if not rule.syscalls:
        raise PolicyError(f"{key}.syscalls", "is empty: name at least one system call, a number or a group.")
    for index, call in enumerate(rule.syscalls):
        _check_call(f"{key}.syscalls[{index}]", call)
    _check_action(f"{key}.action", rule.action)
    for index, test in enumerate(rule.args):
        _check_test(f"{key}.args[{index}]", test)


def _check_call(key: str, call: str | int) -> None:
    if isinstance(call, int):
        if not 0 <= call <= MAX_NUMBER:
            raise PolicyError(key, f"{quoted(call)} is not a system call's number: it must be from 0 to {MAX_NUMBER}.")
    elif call.startswith("@"):
        if call not in GROUPS:
            raise PolicyError(
                key, f"{quoted(call)} is not a group of system calls{suggestion(call, GROUPS) or '.'} Allowed: {', '.join(sorted(GROUPS))}."
            )
    else:
        _told(key, check_call_name, call)


def _check_test(key: str, test: ArgumentTest) -> None:
    if not 0 <= test.index <= 5:
        raise PolicyError(f"{key}.index", f"{quoted(test.index)} is not allowed: a system call has the arguments 0 to 5.")
    _check_number(f"{key}.value", test.value)
    if test.op != "&==":
        if test.mask is not None:
            raise PolicyError(f"{key}.mask", f'goes only with the operator "&==", not with {quoted(test.op)}.')
        return
    if test.mask is None:
        raise PolicyError(f"{key}.mask", 'is missing: "&==" compares (argument & mask) with the value.')
    _check_number(f"{key}.mask", test.mask)
    resolved = resolve_test(test)
    if resolved.value & ~resolved.mask:
        raise PolicyError(f"{key}.value", f"{quoted(test.value)} has bits outside the mask {quoted(test.mask)}: the test could never hold.")


def _check_number(key: str, value: int | str) -> None:
    plain = _told(key, number, value) if isinstance(value, str) else value
    if not -(2**63) <= plain <= U64:
        raise PolicyError(key, f"{quoted(value)} is not allowed: an argument has 64 bits, so it must be from {-(2**63)} to {U64}.")


def _told(key: str, read: Callable[[_A], _T], value: _A) -> _T:
    try:
        return read(value)
    except ValueError as err:
        sentence = str(err)
        raise PolicyError(key, sentence if sentence.endswith((".", "?")) else f"{sentence}.") from err
