"""A failed launch in words: what was tried, why the kernel refuses it, and which setting to change."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

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


def explain_exec(number: int, spec: LaunchSpec) -> str:
    """Why execve failed with this errno, by looking at the file."""
    path = spec.executable
    if number == errno.ENOENT:
        return _missing(path)
    if number == errno.ENOEXEC:
        return f"{path} is in no format that this kernel executes: a script needs #! and its interpreter in the first line, a program the right processor"
    if number in (errno.EACCES, errno.EPERM):
        return _not_allowed(path, number, spec)
    if number == errno.E2BIG:
        return "arguments and environment together are larger than the kernel takes: pass less"
    if number == errno.ETXTBSY:
        return f"{path} is open for writing: wait until it is complete"
    if number == errno.ELOOP:
        return f"{path} leads through too many symbolic links"
    if number == errno.ENOTDIR:
        return f"a part of {path} is not a directory"
    return path


def _missing(path: str) -> str:
    try:
        head = _head(path)
    except FileNotFoundError:
        return f"{path} does not exist"
    except OSError:
        return f"{path}, or the interpreter that it names, does not exist"
    if head.startswith(b"#!"):
        interpreter = os.fsdecode(head[2:].split(b"\n")[0].split()[0]) if head[2:].split(b"\n")[0].split() else ""
        return f"{path} is a script for {interpreter or 'an interpreter without a name'}, which does not exist: install it, or mend the first line"
    loader = _loader(head)
    if loader:
        return f"{path} needs the dynamic loader {loader}, which does not exist: it was built for another system"
    return f"{path} does not exist, or the interpreter that it needs"


def _head(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(4096)


def _loader(head: bytes) -> str:
    # The name stands in the PT_INTERP segment, which linkers put near the start.
    start = head.find(b"/lib")
    return (
        os.fsdecode(head[start : head.index(b"\0", start)]) if head.startswith(b"\x7fELF") and start >= 0 and b"\0" in head[start:] else ""
    )


def _not_allowed(path: str, number: int, spec: LaunchSpec) -> str:
    if spec.judge_from == "execve" and spec.filters:
        return "the filter judges from execve and may have refused the launcher's own execve: judge from entry, or allow execve"
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return f"a directory on the way to {path} is closed to the target's user"
    if stat.S_ISDIR(mode):
        return f"{path} is a directory"
    if not stat.S_ISREG(mode):
        return f"{path} is not a regular file"
    if not mode & 0o111:
        return f"{path} is not marked executable: chmod +x"
    if os.statvfs(path).f_flag & os.ST_NOEXEC:
        return f"{path} lies on a file system that is mounted noexec"
    head = _head_or_nothing(path)
    if head.startswith(b"#!"):
        return f"{path} is a script whose interpreter may not be executed"
    if number == errno.EPERM:
        return f"{path} has file capabilities of which the bounding set lacks some, or a security module refuses it"
    return f"the target's user may not execute {path}"


def _head_or_nothing(path: str) -> bytes:
    try:
        return _head(path)
    except OSError:
        return b""
