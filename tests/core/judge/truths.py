"""The ground truth of capabilities: calls whose fate one of them decides, as the kernel itself confirms on the machine at hand."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Truth:
    """A call that is refused to whoever lacks all of `capabilities`, and not to whoever holds one of them."""

    name: str
    """As tests/core/judge/targets/asking.py knows it."""
    call: str
    capabilities: tuple[str, ...]
    """In the order in which the kernel asks for them; the last one is named, all are alternatives."""
    errno: str = "EPERM"
    gate: str = "capability"
    inferable: bool = True
    """Whether the call and its arguments tell which capability it asks for; where not, nothing is claimed without the kernel's checks."""
    beyond_namespace: bool = False
    """In a user namespace made without privilege it is refused whatever is held there: the object's owner is not mapped, or it is switched off."""


TRUTHS = (
    Truth("chown", "chown", ("CHOWN",)),
    Truth("write to a locked file", "openat", ("DAC_OVERRIDE",), "EACCES", "other", beyond_namespace=True),
    Truth("read a locked file", "openat", ("DAC_READ_SEARCH", "DAC_OVERRIDE"), "EACCES", "other", beyond_namespace=True),
    Truth("make a directory in a locked one", "mkdir", ("DAC_OVERRIDE",), "EACCES", "other", beyond_namespace=True),
    Truth("remove from a locked directory", "unlinkat", ("DAC_OVERRIDE",), "EACCES", "other", beyond_namespace=True),
    Truth("list a dark directory", "openat", ("DAC_READ_SEARCH", "DAC_OVERRIDE"), "EACCES", "other", beyond_namespace=True),
    Truth("chmod of another's file", "chmod", ("FOWNER",), beyond_namespace=True),
    Truth("set the times of another's file", "utimensat", ("FOWNER",), beyond_namespace=True),
    Truth("signal another's process", "kill", ("KILL",)),
    Truth("setgroups", "setgroups", ("SETGID",), beyond_namespace=True),
    Truth("setresuid", "setresuid", ("SETUID",)),
    Truth("securebits", "prctl", ("SETPCAP",)),
    Truth("a port below 1024", "bind", ("NET_BIND_SERVICE",), "EACCES"),
    Truth("a large receive buffer", "setsockopt", ("NET_ADMIN",)),
    Truth("mark a socket", "setsockopt", ("NET_RAW", "NET_ADMIN")),
    Truth("raw socket", "socket", ("NET_RAW",)),
    Truth("packet socket", "socket", ("NET_RAW",)),
    Truth("raw socket of IPv6", "socket", ("NET_RAW",)),
    Truth("lock more than the limit", "mlock", ("IPC_LOCK",), "ENOMEM"),
    Truth("attach another's memory", "shmat", ("IPC_OWNER",), "EACCES"),
    Truth("unload a module", "delete_module", ("SYS_MODULE",)),
    Truth("I/O ports", "ioperm", ("SYS_RAWIO",)),
    Truth("chroot", "chroot", ("SYS_CHROOT",)),
    Truth("read another's memory", "process_vm_readv", ("SYS_PTRACE",)),
    Truth("compare with another's process", "kcmp", ("SYS_PTRACE",)),
    Truth("accounting", "acct", ("SYS_PACCT",)),
    Truth("sethostname", "sethostname", ("SYS_ADMIN",)),
    Truth("mount", "mount", ("SYS_ADMIN",)),
    Truth("unshare", "unshare", ("SYS_ADMIN",)),
    Truth("reboot", "reboot", ("SYS_BOOT",)),
    Truth("priority", "setpriority", ("SYS_NICE",), "EACCES"),
    Truth("real time", "sched_setscheduler", ("SYS_NICE",)),
    Truth("real-time I/O", "ioprio_set", ("SYS_ADMIN", "SYS_NICE")),
    Truth("raise a limit", "setrlimit", ("SYS_RESOURCE",)),
    Truth("set the time zone", "settimeofday", ("SYS_TIME",)),
    Truth("vhangup", "vhangup", ("SYS_TTY_CONFIG",)),
    Truth("make a device", "mknodat", ("MKNOD",)),
    Truth("lease on another's file", "fcntl", ("LEASE",), "EACCES"),
    Truth("join the audit log", "bind", ("AUDIT_READ",), inferable=False),
    Truth("file capabilities", "setxattr", ("SETFCAP",)),
    Truth("the kernel's log", "syslog", ("SYSLOG",)),
    Truth("wake from sleep", "timerfd_create", ("WAKE_ALARM",)),
    Truth("count the kernel's events", "perf_event_open", ("PERFMON", "SYS_ADMIN"), "EACCES"),
    Truth("make a BPF map", "bpf", ("BPF", "SYS_ADMIN")),
    Truth("open by handle", "open_by_handle_at", ("DAC_READ_SEARCH",)),
)
