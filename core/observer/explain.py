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
    match error.stage:
        case Stage.EXEC:
            return explain_exec(error.errno, spec)
        case Stage.DIRECTORY:
            return f"{spec.directory} {_PATH_PROBLEMS.get(error.errno, 'cannot be opened')}: start Gatescope in another directory"
        case Stage.LANDLOCK:
            return _landlock_reason(error.errno, error.path)
        case Stage.SECCOMP | Stage.INJECT:
            return _seccomp_reason(error, spec)
        case _ if error.errno in (errno.EMFILE, errno.ENFILE):
            return "too many files are open here (ulimit -n): close some, or raise the limit"
        case _ if error.errno in (errno.EPERM, errno.EACCES):
            return _EPERM.get(error.stage, "")
        case _:
            return _OTHERWISE.get((error.stage, error.errno), "")


_NO_PLACE: Final = "the id has no place in the user namespace's map: add it to identity.uid_map or gid_map, or choose another"
_NO_NAMESPACES: Final = (
    "the limit of user namespaces (user.max_user_namespaces) is reached or 0: raise it, or switch the user namespace off"
)
_OTHERWISE: Final = {
    (Stage.FORK, errno.EAGAIN): "the limit of processes (ulimit -u) is reached: end some, or raise it",
    (Stage.FORK, errno.ENOMEM): "the machine has no memory left: end something else first",
    (Stage.STDIO, errno.ENOSPC): "no pseudo-terminal is left (kernel.pty.max): close some terminals",
    (
        Stage.USER_NAMESPACE,
        errno.EINVAL,
    ): "the kernel does not take these id maps, in which an id stands twice, a count is 0 or too large, or lines are too "
    "many: change identity.uid_map or gid_map",
    (Stage.USER_NAMESPACE, errno.ENOSPC): _NO_NAMESPACES,
    (Stage.USER_NAMESPACE, errno.EUSERS): _NO_NAMESPACES,
    (Stage.GROUPS, errno.EINVAL): _NO_PLACE,
    (Stage.GID, errno.EINVAL): _NO_PLACE,
    (Stage.UID, errno.EINVAL): _NO_PLACE,
    (Stage.UID, errno.EAGAIN): "that user's limit of processes (ulimit -u) is reached: end some, or raise it",
    (Stage.AMBIENT, errno.EINVAL): "this kernel does not know one of the ambient capabilities: leave it out",
    (Stage.SECUREBITS, errno.EINVAL): "this kernel does not know one of these securebits: leave it out",
}
# What else the kernel says at a step than that something is missing.


def _landlock_reason(number: int, path: str | None) -> str:
    if path is not None:
        return f"{path}, which stands in the policy's [paths], {_PATH_PROBLEMS.get(number, 'cannot be opened')}: take it out there, or name another"
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
    errno.ENOENT: "does not exist",
    errno.ENOTDIR: "is not a directory, or leads through something that is none",
    errno.ELOOP: "leads through too many symbolic links",
    errno.EACCES: "is closed to the target's user",
}


def _seccomp_reason(error: LaunchError, spec: LaunchSpec) -> str:
    if error.errno == errno.EACCES and not spec.no_new_privs:
        return _EPERM[error.stage]
    if len(spec.filters) > 1 and error.errno not in _OF_THE_PROGRAM:
        return "an earlier filter refuses the seccomp call that loads the next one: allow seccomp there, or change their order"
    return _OF_THE_PROGRAM.get(error.errno, "")


_OF_THE_PROGRAM: Final = {
    errno.EINVAL: "the kernel does not take this program or these flags, which may be newer than it: take the flags out of the filter",
    errno.ENOMEM: "all filters of a process together may have 32768 instructions: make the policy smaller",
    errno.ENOSYS: "this kernel has no seccomp filters: set the mode to off",
    errno.EOPNOTSUPP: "this kernel does not have this action: choose another",
}
