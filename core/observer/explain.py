"""A failed launch in words: what was tried, why the kernel refuses it, and which setting to change."""

from __future__ import annotations

import errno
import os
from typing import Final

from core.observer.explain_exec import explain_exec
from core.observer.launch import LaunchError
from core.observer.wire import LaunchSpec, Stage

_EPERM: Final[dict[Stage, str]] = {
    Stage.USER_NAMESPACE: "the system may forbid user namespaces to ordinary users (user.max_user_namespaces, kernel.unprivileged_userns_clone, AppArmor), "
    "or the id maps ask for ids that are not yours: map your own id only, or run the observer as root",
    Stage.GROUPS: "setting groups takes CAP_SETGID: leave the groups as they are, or run the observer as root",
    Stage.GID: "becoming another group takes CAP_SETGID: leave the group as it is, or run the observer as root",
    Stage.UID: "becoming another user takes CAP_SETUID: choose user = me, or run the observer as root",
    Stage.RAISE: "the capabilities could not be raised again after the change of user: choose user = me",
    Stage.BOUNDING: "dropping from the bounding set takes CAP_SETPCAP: keep all capabilities in the bounding set, use a user namespace, or run the observer as root",
    Stage.SECUREBITS: "changing securebits takes CAP_SETPCAP: leave them as they are, use a user namespace, or run the observer as root",
    Stage.CAPSET: "a set may only hold what the observer's permitted set holds (and the effective set what the permitted one holds): "
    "ask for fewer capabilities, or run the observer as root",
    Stage.AMBIENT: "an ambient capability has to be permitted and inheritable, and securebit no-cap-ambient-raise must be off: change one of them",
    Stage.SECCOMP: "the kernel loads filters only with no_new_privs or CAP_SYS_ADMIN: switch no_new_privs on",
    Stage.INJECT: "the kernel loads filters only with no_new_privs or CAP_SYS_ADMIN: switch no_new_privs on",
}
_TRIED: Final[dict[Stage, str]] = {
    Stage.SPEC: "The launch could not be prepared",
    Stage.ENGINE: "The engine could not be started",
    Stage.FORK: "A process for the target could not be made",
    Stage.STDIO: "The target's standard streams could not be opened",
    Stage.DIRECTORY: "The working directory could not be entered",
    Stage.USER_NAMESPACE: "The user namespace could not be made",
    Stage.KEEP_CAPS: "The capabilities could not be kept across the change of user",
    Stage.GROUPS: "The groups could not be set",
    Stage.GID: "The group could not be changed",
    Stage.UID: "The user could not be changed",
    Stage.RAISE: "The capabilities could not be raised",
    Stage.BOUNDING: "The bounding set could not be cut down",
    Stage.SECUREBITS: "The securebits could not be set",
    Stage.CAPSET: "The capability sets could not be set",
    Stage.AMBIENT: "The ambient set could not be set",
    Stage.NO_NEW_PRIVS: "no_new_privs could not be set",
    Stage.LANDLOCK: "The Landlock rules could not be applied",
    Stage.SECCOMP: "The filter could not be loaded before execve",
    Stage.EXEC: "The target could not be executed",
    Stage.INJECT: "The filter could not be loaded at the moment to judge from",
    Stage.WATCH: "The target could not be watched",
}


def explain(error: LaunchError, spec: LaunchSpec) -> str:
    """The sentence for a FAILED frame."""
    if error.detail is not None:
        return error.detail
    reason = _reason(error, spec)
    words = os.strerror(error.errno) if error.errno else "for no reason that the kernel gave"
    return f"{_TRIED[error.stage]} ({words}){': ' + reason if reason else ''}."


def _reason(error: LaunchError, spec: LaunchSpec) -> str:
    if error.stage == Stage.EXEC:
        return explain_exec(error.errno, spec)
    if error.stage == Stage.DIRECTORY:
        return spec.directory
    if error.stage == Stage.LANDLOCK:
        return _landlock_reason(error.errno, error.path)
    if error.stage in (Stage.SECCOMP, Stage.INJECT) and error.errno != errno.EPERM:
        return _seccomp_reason(error.errno, error.stage)
    if error.errno in (errno.EPERM, errno.EACCES):
        return _EPERM.get(error.stage, "")
    if error.stage in (Stage.UID, Stage.GID) and error.errno == errno.EINVAL:
        return "the id has no place in the user namespace's map: map it, or choose another"
    if error.stage in (Stage.FORK, Stage.UID) and error.errno == errno.EAGAIN:
        return "the limit of processes (ulimit -u) is reached: end some, or raise it"
    if error.stage == Stage.USER_NAMESPACE and error.errno in (errno.ENOSPC, errno.EUSERS):
        return "the limit of user namespaces (user.max_user_namespaces) is reached or 0: raise it, or leave the user namespace off"
    return ""


def _landlock_reason(number: int, path: str | None) -> str:
    if path is not None:
        why = _PATH_PROBLEMS.get(number, "it cannot be opened")
        return f"{path} stands in the policy's [paths], and {why}: take it out there, or name another"
    if number == errno.EPERM:
        return "the kernel wants no_new_privs or CAP_SYS_ADMIN for it: switch no_new_privs on"
    if number == errno.E2BIG:
        return (
            "a process can be under 16 rulesets, and the observer is under so many already: start Gatescope elsewhere, or take [paths] out"
        )
    if number in (errno.ENOSYS, errno.EOPNOTSUPP):
        return "this kernel has no Landlock, or it is not switched on: boot with lsm=landlock,…, or take [paths] out"
    if number == errno.EINVAL:
        return "this kernel's Landlock does not know one of these rights: take write, connect or bind out of [paths]"
    return ""


_PATH_PROBLEMS: Final = {
    errno.ENOENT: "it does not exist",
    errno.ENOTDIR: "a part of it is not a directory",
    errno.ELOOP: "it leads through too many symbolic links",
    errno.EACCES: "the target's user may not reach it",
}


def _seccomp_reason(number: int, stage: Stage) -> str:
    if number == errno.EACCES:
        return _EPERM[stage]
    if number == errno.EINVAL:
        return "the kernel does not take this program or these flags: a flag may be newer than the kernel, or the program invalid"
    if number == errno.ENOMEM:
        return "all filters of a process together may have 32768 instructions: make the policy smaller"
    if number in (errno.ENOSYS, errno.EOPNOTSUPP):
        return "this kernel has no seccomp filters, or not this action"
    return "an earlier filter may refuse the seccomp call that loads the next one"
