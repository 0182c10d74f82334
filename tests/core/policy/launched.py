"""A launch really carried out, and what the kernel says of the process that came out of it."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable
from pathlib import Path

import prctl

from core.observer import tracee
from core.observer.launch import Launch
from core.observer.stdio import Stdio
from core.observer.wire import FrameKind, LaunchSpec
from core.policy.identity import Caller
from core.policy.target import Target
from tests.core.policy.callers import this_process

NOBODY = 65534
STATUS = Target("/bin/cat", ("cat", "/proc/self/status", "/proc/self/uid_map"), {}, "/")


_FORBIDDING = {
    "kernel/unprivileged_userns_clone": "0",
    "kernel/apparmor_restrict_unprivileged_userns": "1",
    "user/max_user_namespaces": "0",
}


def user_namespaces_for_all() -> bool:
    """Whether an ordinary user may make a user namespace and hold capabilities in it: no known switch of the kernel's forbids it."""
    switches = ((Path("/proc/sys", name), forbids) for name, forbids in _FORBIDDING.items())
    return not any(path.exists() and path.read_text().strip() == forbids for path, forbids in switches)


def status_after_exec(compiled: Callable[[Caller], LaunchSpec], *, observer_uid: int | None = None, traced: bool = False) -> dict[str, str]:
    """Launch what `compiled` gives for the observer, which runs as `observer_uid` (None: as this process); /proc/self/status of the target.

    The target must be `STATUS`, with pipes. The lines of its uid_map, joined, are under "uid_map"; what LD_SHOW_AUXV made the loader tell is
    there too. `traced`: the observer traces it.
    """
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        _observe(write, compiled, observer_uid, traced)
    os.close(write)
    with os.fdopen(read) as stream:
        text = stream.read()
    _, status = os.waitpid(pid, 0)
    assert status == 0, text
    fields = {match[1]: match[2] for match in re.finditer(r"^(\w+):[\t ]*(.*)$", text, re.MULTILINE)}
    return fields | {"uid_map": " ".join(" ".join(re.findall(r"^ +\d+ +\d+ +\d+$", text, re.MULTILINE)).split())}


def _observe(write: int, compiled: Callable[[Caller], LaunchSpec], uid: int | None, traced: bool) -> None:
    try:
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            prctl.set_dumpable(True)  # setresuid took it away, and with it the right to write our children's id maps
        os.write(write, _launch(compiled(this_process()), traced))
        os._exit(0)
    except BaseException:
        os.write(write, traceback.format_exc().encode())
    finally:
        os._exit(1)


def _launch(spec: LaunchSpec, traced: bool) -> bytes:
    stdio = Stdio(spec)
    launch = Launch(spec, stdio)
    pid = os.fork()
    if pid == 0:
        launch.child()
    launch.forked()
    if traced:
        tracee.request(tracee.SEIZE, pid)
    stdio.close_theirs()
    launch.go()
    while not launch.advance(pid):
        pass
    output = bytearray()
    (fd,) = (fd for fd in stdio.readable if stdio._outputs[fd] == 1)
    os.set_blocking(fd, True)
    ended = False

    def emit(kind: FrameKind, payload: bytes) -> None:
        nonlocal ended
        assert kind is FrameKind.OUTPUT
        output.extend(payload[1:])
        ended = len(payload) == 1

    while not ended:
        stdio.forward(fd, emit)
    os.waitpid(pid, 0)
    return bytes(output)
