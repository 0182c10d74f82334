"""What the user asks for: the policy as plain, frozen data, in the shape of the policy file."""

from __future__ import annotations

from typing import Literal

import msgspec

JudgeFrom = Literal["execve", "first-instruction", "entry", "main"]
Mode = Literal["off", "strict", "filter"]
Operator = Literal["==", "!=", "<", "<=", ">", ">=", "&=="]
Flag = Literal["log", "spec-allow", "tsync", "wait-killable"]
IdMap = tuple[tuple[int, int, int], ...]
"""(inside, outside, count) a line: so many ids from `inside` on stand for those from `outside` on, as in /proc/PID/uid_map."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of the policy file; a key that it does not know is an error."""


class Identity(_Table, frozen=True, kw_only=True):
    """Who the target runs as."""

    user: str | int = "me"
    """"me" (whoever started Gatescope), "root", a name or a uid."""
    group: str | int | None = None
    """None: the user's own."""
    groups: tuple[str | int, ...] | None = None
    """Supplementary groups; None: the user's own."""
    user_namespace: bool = False
    uid_map: IdMap | None = None
    """With `user_namespace`: which uids there are in it. `user` is then one of those inside; "me" is whoever stands for the own uid. None: the
    user alone, who for an ordinary observer stands for the own uid, else for the same uid outside."""
    gid_map: IdMap | None = None
    """Likewise for gids; None: the user's group and supplementary groups, as far as the observer may map them."""
    no_new_privs: bool = True


class Capabilities(_Table, frozen=True, kw_only=True):
    """The capability sets: the simple form (`keep` or `drop`) or the expert form (the rest), never both.

    Names without CAP_, or "ALL". A set that is None is left as it is.
    """

    keep: tuple[str, ...] | None = None
    """Exactly these after exec."""
    drop: tuple[str, ...] | None = None
    """All but these after exec, of those that the target would hold: dropping gives nothing."""
    bounding: tuple[str, ...] | None = None
    permitted: tuple[str, ...] | None = None
    effective: tuple[str, ...] | None = None
    inheritable: tuple[str, ...] | None = None
    ambient: tuple[str, ...] | None = None
    securebits: tuple[str, ...] | None = None


class ArgumentTest(_Table, frozen=True, kw_only=True):
    """One comparison of a system call's argument; all of a rule's must hold."""

    index: int
    """0 to 5."""
    op: Operator
    mask: int | str | None = None
    """Only with `&==`: (argument & mask) == value."""
    value: int | str
    """A number, or a symbolic constant: "AF_INET", "O_WRONLY|O_CREAT"."""


class Rule(_Table, frozen=True, kw_only=True):
    """An action for some system calls, for all of their arguments or for those that pass the tests."""

    syscalls: tuple[str | int, ...]
    """Names, numbers, or groups: "@network-io"."""
    action: str
    args: tuple[ArgumentTest, ...] = ()
    note: str = ""
    enabled: bool = True


class Filter(_Table, frozen=True, kw_only=True):
    """A filter in words: what becomes of which call."""

    default: str = "allow"
    architectures: tuple[str, ...] = ("native",)
    bad_arch: str = "kill-process"
    flags: tuple[Flag, ...] = ()
    rules: tuple[Rule, ...] = ()
    note: str = ""


class Seccomp(Filter, frozen=True, kw_only=True):
    """The seccomp mode and, for mode 2, the filter in words, or the first of several."""

    mode: Mode = "off"
    judge_from: JudgeFrom = "entry"
    stacked: tuple[Filter, ...] = ()
    """Loaded after the filter of this table, in their order, at the same moment. Of all filters' answers the strictest counts. A rule's number is
    its place among the rules of all filters together, from 1, so it names one rule whatever filter that is in."""


class Paths(_Table, frozen=True, kw_only=True):
    """Landlock: where the target may read, write and execute, and which TCP ports it may use.

    A list that is None leaves its kind open; an empty one allows nothing of it. A path covers itself and all that lies below it, whatever
    name led there: the kernel looks at the file, not at the text, so a symbolic link counts for where it leads. The lists add up, and
    nothing is added in silence: the rules hold from before the target's own execve, so its executable and its loader (ld.so) have to lie
    below `execute` and `read`, its libraries below `read`, or it cannot start. What was opened before stays usable, such as its
    standard streams. While `read`, `write` or `execute` is given, nobody in the target may change mounts, as the kernel has it.
    """

    read: tuple[str, ...] | None = None
    """Absolute paths below which files may be opened for reading, and directories listed. Looking at attributes (stat) is always free."""
    write: tuple[str, ...] | None = None
    """Absolute paths below which files may be opened for writing, truncated, made, removed, renamed and linked, of every type, and devices
    be sent ioctls. Changing attributes (chmod, chown, utime) is no right of Landlock's: that stays as it is."""
    execute: tuple[str, ...] | None = None
    """Absolute paths below which files may be executed; execve also reads the file."""
    connect: tuple[int, ...] | None = None
    """TCP ports that may be connected to. UDP and other sockets stay as they are."""
    bind: tuple[int, ...] | None = None
    """TCP ports that may be bound; 0 stands for those that the kernel picks."""


class Policy(_Table, frozen=True, kw_only=True):
    """A whole policy file."""

    name: str = ""
    description: str = ""
    identity: Identity = Identity()
    capabilities: Capabilities | None = None
    """None: the sets are left as they are."""
    seccomp: Seccomp = Seccomp()
    paths: Paths | None = None
    """None: Landlock is off."""
