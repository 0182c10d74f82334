"""A target that asks for each capability once, by a call that does no harm where it is granted.

`asking.py TABLE [flip]`: TABLE is a JSON object {objects, numbers, cases: [{name, capabilities}]}. Without `flip` each case's call is made
once, behind a marker, and its errno (0: none) printed as a JSON object of all. With `flip` nobody watches: each call is made twice, in children that
hold everything but the case's capabilities, and nothing but them, and both errnos are printed: the kernel's own word that these capabilities decide.
"""

import ctypes
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
MARKER = 124  # getsid, of a process that cannot be
HELD = next(int(line.split()[1], 16) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapPrm"))
table = json.loads(sys.argv[1])
thing = table["objects"]
numbers: dict[str, int] = table["numbers"]


def call(name: str, *args: object) -> int:
    ctypes.set_errno(0)
    ret = libc.syscall(numbers[name], *(ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args))
    return ctypes.get_errno() if ret == -1 else 0


def text(value: str) -> ctypes.c_char_p:
    return ctypes.c_char_p(os.fsencode(value))


def pack(*words: int, size: int = 8) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(b"".join(word.to_bytes(size, "little") for word in words))


AT_FDCWD = -100
own_file = os.open(thing["file"], os.O_RDONLY)
foreign_file = os.open(thing["foreign"], os.O_RDONLY)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
securebits = libc.prctl(27, 0, 0, 0, 0)
page = ctypes.create_string_buffer(1 << 17)
iov = pack(ctypes.addressof(page), 8)
remote = pack(0x1000, 8)
handle = ctypes.create_string_buffer((8).to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes(64))
perf = ctypes.create_string_buffer((1).to_bytes(4, "little") + (112).to_bytes(4, "little") + bytes(104))
map_attributes = ctypes.create_string_buffer(b"".join(word.to_bytes(4, "little") for word in (2, 4, 4, 1)) + bytes(56))
capability = ctypes.create_string_buffer(bytes.fromhex("0000000200000000000000000000000000000000"), 20)


def raised_limit() -> int:
    libc.setrlimit(11, pack(10, 10))
    return call("setrlimit", 11, pack(10, 20))


def locked_pages() -> int:
    libc.setrlimit(8, pack(4096, 4096))
    return call("mlock", ctypes.addressof(page), len(page))


def new_folder() -> int:
    found = call("mkdir", text(thing["closed"] + "/new"), 0o700)
    if not found:
        Path(thing["closed"], "new").rmdir()
    return found


def removed() -> int:
    kept = Path(thing["closed"], "kept")
    found = call("unlinkat", AT_FDCWD, text(str(kept)), 0)
    if not found:
        kept.touch()
    return found


def device() -> int:
    found = call("mknodat", AT_FDCWD, text(thing["device"]), 0o20600, 0x103)
    if not found:
        Path(thing["device"]).unlink()
    return found


def faster() -> int:
    found = call("setpriority", 0, 0, -5)
    call("setpriority", 0, 0, 0)
    return found


def netlink_group() -> int:
    return call("bind", libc.socket(16, 3, 9), ctypes.create_string_buffer(bytes([16, 0]) + bytes(6) + (1).to_bytes(4, "little")), 12)


def suid() -> int:
    found = call("setresuid", -1, -1, 12)
    call("setresuid", -1, -1, 0)
    return found


CASES: dict[str, Callable[[], int]] = {
    "chown": lambda: call("chown", text(thing["file"]), 12, 12) or call("chown", text(thing["file"]), 0, 0),
    "write to a locked file": lambda: call("openat", AT_FDCWD, text(thing["locked"]), os.O_WRONLY),
    "read a locked file": lambda: call("openat", AT_FDCWD, text(thing["locked"]), os.O_RDONLY),
    "make a directory in a locked one": new_folder,
    "remove from a locked directory": removed,
    "list a dark directory": lambda: call("openat", AT_FDCWD, text(thing["dark"]), os.O_RDONLY | os.O_DIRECTORY),
    "chmod of another's file": lambda: call("chmod", text(thing["foreign"]), 0o644),
    "set the times of another's file": lambda: call("utimensat", AT_FDCWD, text(thing["foreign"]), pack(1, 1, 1, 1), 0),
    "signal another's process": lambda: call("kill", thing["process"], 0),
    "setgroups": lambda: call("setgroups", 0, 0),
    "setresuid": suid,
    "securebits": lambda: call("prctl", 28, securebits, 0, 0, 0),
    "a port below 1024": lambda: call(
        "bind", libc.socket(2, 1, 0), ctypes.create_string_buffer(bytes([2, 0, 3, 9, 127, 0, 0, 1]) + bytes(8)), 16
    ),
    "a large receive buffer": lambda: call("setsockopt", udp.fileno(), 1, 33, pack(1 << 20, size=4), 4),
    "mark a socket": lambda: call("setsockopt", udp.fileno(), 1, 36, pack(1, size=4), 4),
    "raw socket": lambda: call("socket", 2, 3, 1),
    "packet socket": lambda: call("socket", 17, 3, 0),
    "raw socket of IPv6": lambda: call("socket", 10, 3, 58),
    "lock more than the limit": locked_pages,
    "attach another's memory": lambda: call("shmat", thing["memory"], 0, 0o10000),
    "unload a module": lambda: call("delete_module", text("none_of_this_name"), 0),
    "I/O ports": lambda: call("ioperm", 0x80, 1, 1),
    "chroot": lambda: call("chroot", text("/")),
    "read another's memory": lambda: call("process_vm_readv", thing["process"], iov, 1, remote, 1, 0),
    "compare with another's process": lambda: call("kcmp", os.getpid(), thing["process"], 1, 0, 0),
    "accounting": lambda: call("acct", 0),
    "sethostname": lambda: call("sethostname", text(os.uname().nodename), len(os.uname().nodename)),
    "mount": lambda: call("mount", text("none"), text(thing["folder"]), text("none_of_this_name"), 0, 0),
    "unshare": lambda: call("unshare", 0x04000000),
    "reboot": lambda: call("reboot", 0, 0, 0, 0),
    "priority": faster,
    "real time": lambda: call("sched_setscheduler", 0, 1, pack(1, size=4)) or call("sched_setscheduler", 0, 0, pack(0, size=4)),
    "real-time I/O": lambda: call("ioprio_set", 1, 0, 1 << 13) or call("ioprio_set", 1, 0, 0),
    "raise a limit": raised_limit,
    "set the time zone": lambda: call("settimeofday", 0, pack(0, size=8)),
    "vhangup": lambda: call("vhangup"),
    "make a device": device,
    "lease on another's file": lambda: call("fcntl", foreign_file, 1024, 0) or call("fcntl", foreign_file, 1024, 2),
    "join the audit log": netlink_group,
    "file capabilities": lambda: call("setxattr", text(thing["file"]), text("security.capability"), capability, 20, 0),
    "the kernel's log": lambda: call("syslog", 9, 0, 0),
    "wake from sleep": lambda: call("timerfd_create", 8, 0),
    "count the kernel's events": lambda: call("perf_event_open", perf, 0, -1, -1, 0),
    "make a BPF map": lambda: call("bpf", 0, map_attributes, 72),
    "open by handle": lambda: call("open_by_handle_at", AT_FDCWD, handle, 0),
}


def hold(effective: int) -> None:
    header, low, high = pack(0x20080522, 0, size=4), effective & 0xFFFFFFFF, effective >> 32
    both = HELD & 0xFFFFFFFF, HELD >> 32
    libc.capset(header, pack(low, both[0], 0, high, both[1], 0, size=4))


def in_child(effective: int, step: str) -> int:
    read, write = os.pipe()
    if not os.fork():
        hold(effective & HELD)
        os.write(write, bytes([CASES[step]()]))
        os._exit(0)
    os.wait()
    return os.read(read, 1)[0]


found: dict[str, int | list[int]] = {}
for number, case in enumerate(table["cases"]):
    if sys.argv[2:] == ["flip"]:
        only = sum(1 << one for one in case["capabilities"])
        found[case["name"]] = [in_child(HELD & ~only, case["name"]), in_child(only, case["name"])]
    else:
        libc.syscall(MARKER, ctypes.c_long(0x40000000 + number))
        found[case["name"]] = CASES[case["name"]]()
print(json.dumps(found))
