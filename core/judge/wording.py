"""The sentences of verdicts: short, exact, and plain enough for somebody who is learning."""

from __future__ import annotations

from collections.abc import Sequence

from core.knowledge.capabilities import capability_name
from core.knowledge.errnos import errno_meaning, errno_name
from core.policy.action import Action, ActionKind

ENOSYS = 38
_NEVER_FOR_USERS = {
    512: "ERESTARTSYS",
    513: "ERESTARTNOINTR",
    514: "ERESTARTNOHAND",
    516: "ERESTART_RESTARTBLOCK",
}
# include/linux/errno.h: the kernel's own marks on a call that a signal interrupted; the target sees a restart, or EINTR.


def is_restart(errno: int) -> bool:
    """Whether the kernel means to start the call again."""
    return errno in _NEVER_FOR_USERS


def result(ret: int) -> str:
    """ "EPERM" for -1, "0" for 0."""
    return errno_name(-ret) if -4095 <= ret < 0 else str(ret)


def cap(number: int) -> str:
    """ "CAP_NET_RAW"; "capability 63" where it has no name yet."""
    name = capability_name(number)
    return f"capability {name}" if name.isdigit() else f"CAP_{name}"


def any_of(numbers: Sequence[int]) -> str:
    """ "CAP_A", "CAP_A or CAP_B", "CAP_A, CAP_B or CAP_C"."""
    names = [cap(number) for number in numbers]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


# ── seccomp ───────────────────────────────────────────────────────────────────────────────────────────────────────


DEFAULT = "default action"
OTHER_ARCHITECTURES = "action for other architectures"
STRICT_MODE = "strict mode"
STRICT = f"seccomp's {STRICT_MODE}"


def decider(rule: int, number: int = 0, *, covered: bool) -> str:
    """Who of the policy answered: a rule, the default action, the bad-architecture action; `number`: which of several filters, from 1."""
    if rule:
        return f"seccomp rule {rule} (filter {number})" if number else f"seccomp rule {rule}"
    whose = f"seccomp filter {number}'s" if number else "seccomp's"
    return f"{whose} {DEFAULT if covered else OTHER_ARCHITECTURES}"


def own_decider(number: int, *, strict: bool) -> str:
    """The same for what the target installed itself."""
    return "the strict mode that the target entered itself" if strict else f"the target's own seccomp filter {number}"


def acted(who: str, action: Action, call: str, ret: int) -> str:
    """What a filter's answer did to a call."""
    match action.kind:
        case ActionKind.ERRNO if action.data:
            return f"{who} refused {call} with {errno_name(action.data)} before it ran"
        case ActionKind.ERRNO:
            return f"{who} kept {call} from running and answered 0, as if it had succeeded"
        case ActionKind.TRAP:
            return f"{who} trapped {call} with SIGSYS before it ran"
        case ActionKind.KILL_THREAD:
            return f"{who} killed the thread at {call}"
        case ActionKind.KILL_PROCESS:
            return f"{who} killed the process at {call}"
        case ActionKind.TRACE if ret == -ENOSYS:
            return f"{who} left {call} to a tracer; none had asked for it, so it failed with ENOSYS before it ran"
        case ActionKind.TRACE:
            return f"{who} left {call} to a tracer, which answered {result(ret)}"
        case ActionKind.ASK if ret == -ENOSYS:
            return f"{who} asked about {call}; nobody listened, so it failed with ENOSYS before it ran"
        case ActionKind.ASK:
            return f"{who} asked about {call}; the answer was {result(ret)}"
        case ActionKind.LOG:
            return f"{who} logged {call} and let it pass"
        case _:
            return f"{who} let {call} pass"


def strict_killed(who: str, call: str) -> str:
    return f"{who} killed the thread at {call}: it allows only read, write, exit and sigreturn"


OR_CONTINUED = ", or it let the call run, which came to this by itself"
"""What else a notifier's answer may have been (SECCOMP_USER_NOTIF_FLAG_CONTINUE)."""

HANDLED = "; a handler of the target's own took the signal"
DIED = "; it has no handler for the signal, and died of it"
"""What became of a thread that was trapped."""

KILLED = "killed {call}'s thread"
TRAPPED = "trapped {call} with SIGSYS"
UNCLEAR = "stopped {call} (a trap, a kill or an answer: the record of it is missing)"
"""What a stop whose filter is not known looked like, to be filled in with the call."""


def refused_with(ret: int) -> str:
    return f"refused {{call}} with {errno_name(-ret)}"


def answered(ret: int) -> str:
    return f"answered {ret} to {{call}}"


def contradicts_stop(call: str, what: str, action: Action | None) -> str:
    """Seccomp was seen to stop a call, otherwise than the recorded filter says; None: that did not judge the thread."""
    seen = f"seccomp {what.format(call=call)} before it ran"
    if action is None:
        return f"{seen}, yet the policy's filter did not judge this thread, and no filter of the target's own was seen"
    return f"{seen}, yet the recorded filter, computed, answers {action.word}: they contradict each other"


def contradicts_run(call: str, who: str, action: Action, seen: str) -> str:
    """A call ran, though the recorded filter says that it does not."""
    return f"{who} answers {action.word} to {call}, computed, yet {seen}: they contradict each other"


def own_filter(call: str, what: str) -> str:
    return f"the target's own seccomp filter {what.format(call=call)} before it ran"


def perhaps_stricter(call: str, who: str, ret: int) -> str:
    return f"{call} failed with {errno_name(-ret)}, which is not the answer of {who}: probably a stricter filter that the target installed itself"


def perhaps_own_filter(ret: int) -> str:
    return f"{errno_name(-ret)}: the target installed a seccomp filter of its own, which may have refused this, or the kernel did"


SOME_FILTER = "a seccomp filter that is not known"


def some_filter_acted(action: Action, call: str, ret: int) -> str:
    """What an action, of which the data is not known, did to a call that returned `ret`."""
    known = Action(action.kind, -ret) if action.kind is ActionKind.ERRNO and ret < 0 else action
    return acted(SOME_FILTER, known, call, ret)


def audited(reason: str) -> str:
    """What the kernel's audit log says too."""
    return f"{reason}; the kernel's audit log says so"


def lost_filter(call: str, what: str, count: int) -> str:
    return f"unknown: {_records(count)} lost; seccomp {what.format(call=call)} before it ran, and which filter did cannot be told"


def unfinished() -> str:
    return "the thread ended inside the call"


# ── capabilities ──────────────────────────────────────────────────────────────────────────────────────────────────


def asked(number: int, function: str) -> str:
    """ "the kernel asked for CAP_NET_RAW in inet_create"."""
    return f"the kernel asked for {cap(number)} in {function}" if function else f"the kernel asked for {cap(number)}"


def granted(number: int, function: str) -> str:
    return f"{cap(number)} was asked for in {function}, and granted" if function else f"{cap(number)} was asked for, and granted"


def refused(numbers: Sequence[int], function: str, *, foreign: bool) -> str:
    """The checks that stopped a privileged operation; `foreign`: they were against another user namespace than the process's own."""
    where = f" in {function}" if function else ""
    question = f"the kernel asked for {any_of(numbers)}{where}"
    if foreign:
        return f"{question} against another user namespace, where what the process holds in its own does not count"
    return f"{question}; the process {_lacks(numbers)}"


def _lacks(numbers: Sequence[int]) -> str:
    return "does not hold it" if len(numbers) == 1 else "holds none of them"


def soft(numbers: Sequence[int], function: str, *, foreign: bool) -> str:
    """A refusal that did not stop the call."""
    return f"{refused(numbers, function, foreign=foreign)}, but the call succeeded without"


def permissions(ret: int, numbers: Sequence[int], *, foreign: bool, as_real_user: bool = False) -> str:
    """File permissions said no, and what would have overridden them is missing too; `as_real_user`: the call asks as that one (access(2))."""
    if as_real_user:
        return f"{errno_name(-ret)}: file permissions said no; {_as_real_user(numbers)}"
    lacks = "asked for against another user namespace" if foreign else "which the process lacks"
    return f"{errno_name(-ret)}: file permissions said no; {any_of(numbers)} would override them, {lacks}"


def _as_real_user(numbers: Sequence[int]) -> str:
    return f"{any_of(numbers)} would override them, but access asks as the real user, of whom capabilities count only if that is root"


def unrelated(ret: int, numbers: Sequence[int], function: str) -> str:
    """An errno that the refused check does not explain."""
    return f"{failed(ret)} ({any_of(numbers)} was refused in {function} too, which does not lead to this errno)"


# ── everything else ───────────────────────────────────────────────────────────────────────────────────────────────


def failed(ret: int) -> str:
    """ "ENOENT: no such file or directory"."""
    errno = -ret
    if errno in _NEVER_FOR_USERS:
        return "interrupted by a signal; the kernel starts the call again, or it returns EINTR"
    return f"{errno_name(errno)}: {errno_meaning(errno)}"


def promised_in_vain(path: str, lacking: int) -> str:
    """An execve that failed, since the file's effective bit promises these capabilities (a mask) and the bounding set lacks them."""
    names = ", ".join(cap(number) for number in range(lacking.bit_length()) if lacking >> number & 1)
    return f"EPERM: {path} is to start with {names} by its file capabilities, and the bounding set lacks {'it' if lacking.bit_count() == 1 else 'them'}"


def other_refusal(ret: int) -> str:
    """A refusal with all checks on record, none of which explains it."""
    return f"{errno_name(-ret)}, but no capability was refused: file permissions, a security module or the arguments"


def landlock_policy(ret: int, doing: Sequence[str], place: str) -> str:
    """Landlock, by the policy's paths; `doing`: what they do not give there."""
    return f"{errno_name(-ret)}: Landlock: the policy's paths do not let it {' or '.join(doing)} at {place}"


def landlock_perhaps(ret: int, path: str) -> str:
    return f"{errno_name(-ret)}: perhaps Landlock: whether the policy's paths cover {path} depends on the directory that it is relative to"


def landlock_link(ret: int, path: str) -> str:
    return f"{errno_name(-ret)}, but no capability was refused: perhaps Landlock: the policy's paths cover {path}, but not where a link there leads"


def landlock_own(ret: int) -> str:
    return f"{errno_name(-ret)}: probably Landlock: the target has put a ruleset on itself, of which the rules are not known"


def landlock_topology(ret: int, call: str) -> str:
    return f"{errno_name(-ret)}: Landlock: whoever it restricts in files may not {call}, whatever the rules"


def module_refused(ret: int, refusal: str) -> str:
    """What a security module told the audit log; `refusal`: "Landlock refused fs.read_file on /etc/passwd"."""
    return audited(f"{errno_name(-ret)}: {refusal}")


def refused_in_spite(ret: int, number: int) -> str:
    return f"{errno_name(-ret)}, although {cap(number)} was granted: file permissions, a security module or the arguments"


def lost(count: int, ret: int) -> str:
    return f"unknown: {_records(count)} lost here, so what refused this with {errno_name(-ret)} cannot be told"


def _records(count: int) -> str:
    return f"{count} {'record' if count == 1 else 'records'}"


def inferred_capability(call: str, ret: int, numbers: Sequence[int], *, certain: bool, foreign: bool) -> str:
    """Without the kernel's checks: what the call is known to ask for."""
    start = f"{errno_name(-ret)}: {call} asks for {any_of(numbers)}"
    if foreign:
        return f"{start}, and the process holds it only in a user namespace of its own: it was probably asked for against another"
    return f"{start}, which the process does not hold" if certain else f"{start}, which the process probably does not hold"


def refused_though_held(ret: int, call: str, numbers: Sequence[int]) -> str:
    return (
        f"{errno_name(-ret)}: {call} asks for {any_of(numbers)}, which the process holds: permissions, a security module or the arguments"
    )


def refused_unmapped(ret: int, numbers: Sequence[int]) -> str:
    return f"{errno_name(-ret)}: {any_of(numbers)} is held in a user namespace of its own, which probably does not map the file's owner"


PROBABLY_PERMISSIONS = "probably file permissions"
_ACCESS = {4: "read", 2: "write", 1: "execute"}


def closed(folder: str) -> str:
    """Why a path led nowhere."""
    return f"file permissions do not let it enter {folder}"


def not_permitted(lacking: int, place: str) -> str:
    """`lacking`: 4 (read) | 2 (write) | 1 (execute, or of a directory enter)."""
    doing = [word for bit, word in _ACCESS.items() if lacking & bit]
    return f"file permissions do not let it {' and '.join(doing)} {place}"


def not_executable(ret: int, place: str) -> str:
    return f"{errno_name(-ret)}: file permissions let nobody execute {place}, and no capability overrides that"


def blames_permissions(reason: str) -> bool:
    """Whether a sentence about a refusal says that file permissions did, or probably did."""
    return ": file permissions " in reason or f": {PROBABLY_PERMISSIONS}" in reason


def not_permissions(ret: int, place: str, *, script: bool) -> str:
    interpreter = "its interpreter, " if script else ""
    return f"{errno_name(-ret)}, though file permissions let it, at {place}: {interpreter}a security module, the mount or the arguments"


def permissions_unmapped(ret: int, numbers: Sequence[int], why: str) -> str:
    return (
        f"{errno_name(-ret)}: {why}; {any_of(numbers)} would override them, but is held in a user namespace of its own, "
        "which probably does not map the file's owner"
    )


def inferred_permissions(ret: int, numbers: Sequence[int], why: str, *, as_real_user: bool = False) -> str:
    if not numbers:
        return (
            f"{errno_name(-ret)}: permissions, a security module or the arguments; the process holds what would override file permissions"
        )
    return f"{errno_name(-ret)}: {why}; {_as_real_user(numbers) if as_real_user else f'{any_of(numbers)} would override them'}"


def untold(ret: int) -> str:
    return f"{errno_name(-ret)}: {errno_meaning(-ret)}; without the kernel's checks it cannot be told what refused it"
