"""polkit with a rule and an action for the length of a test; where it does not run, it and the system's bus are started by hand."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.ordinary_user import OrdinaryUser
from tests.support.privilege import require

ACTION_FILE: Final = Path(__file__).parents[2] / "packaging" / "org.gatescope.observer.policy"
_ACTION: Final = "org.gatescope.observer"
_OBSERVER: Final = "/usr/bin/gatescope-observer"
_ACTIONS: Final = Path("/usr/share/polkit-1/actions")
_RULES: Final = Path("/etc/polkit-1/rules.d")
_BUS: Final = Path("/run/dbus/system_bus_socket")
_DAEMONS: Final = ("/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd", "/usr/libexec/polkit-1/polkitd", "/usr/lib/policykit-1/polkitd")
_PATIENCE: Final = 20.0


@contextlib.contextmanager
def polkit(user: OrdinaryUser, observer: Path) -> Iterator[None]:
    """The action that comes with Gatescope is polkit's, with `observer` in the place of the installed one, and the user is granted it.

    Skips the test, also where privilege is promised, where polkit cannot be started on this machine.
    """
    require(shutil.which("pkexec") and shutil.which("dbus-daemon"), "pkexec or dbus-daemon is not installed")
    action = f"{_ACTION}.test-{os.getpid()}"
    files = {
        _ACTIONS / f"{action}.policy": ACTION_FILE.read_text().replace(f'"{_ACTION}"', f'"{action}"').replace(_OBSERVER, str(observer)),
        _RULES / f"49-gatescope-test-{os.getpid()}.rules": _rule(action, user.name),
    }
    with contextlib.ExitStack() as stack:
        for path, text in files.items():
            require(path.parent.is_dir(), f"polkit here reads nothing from {path.parent}")
            stack.callback(path.unlink)
            path.write_text(text)
            path.chmod(0o644)
        _start_bus(stack)
        _start_polkit(stack, action)
        yield


def _rule(action: str, user: str) -> str:
    return f"""polkit.addRule(function(action, subject) {{
    if (action.id == "{action}" && subject.user == "{user}") return polkit.Result.YES;
}});
"""


def _start_bus(stack: contextlib.ExitStack) -> None:
    if _answers("dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.GetId"):
        return
    folder = _BUS.parent
    if not folder.exists():
        folder.mkdir()
        stack.callback(shutil.rmtree, folder)
    stack.callback(_BUS.unlink, missing_ok=True)
    bus = stack.enter_context(
        subprocess.Popen(["dbus-daemon", "--system", "--nofork", "--nopidfile", "--nosyslog"], stderr=subprocess.PIPE)
    )
    stack.callback(bus.terminate)
    if not _wait(bus, "dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.GetId"):
        pytest.skip("the system's message bus does not run here and cannot be started, so polkit cannot be asked")


def _start_polkit(stack: contextlib.ExitStack, action: str) -> None:
    if _answers("pkaction", "--action-id", action):
        return
    daemon = next(filter(os.path.exists, _DAEMONS), None)
    require(daemon, "polkitd is not installed")
    assert daemon is not None
    service = stack.enter_context(subprocess.Popen([daemon, "--no-debug"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    stack.callback(service.terminate)
    if not _wait(service, "pkaction", "--action-id", action):
        pytest.skip("polkit does not run here and cannot be started, so pkexec cannot ask it")


def _wait(service: subprocess.Popen[bytes], *question: str) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while service.poll() is None and time.monotonic() < deadline:
        if _answers(*question):
            return True
        time.sleep(0.05)
    return False


def _answers(*question: str) -> bool:
    return subprocess.run(question, check=False, capture_output=True).returncode == 0
