"""An sshd on the loopback interface for the length of a test, with a key, a port and authorized keys of its own."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.ordinary_user import OrdinaryUser
from tests.support.privilege import require

_SEPARATION: Final = Path("/run/sshd")
_PATIENCE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Sshd:
    """How the user reaches it."""

    config: Path
    """For `ssh -F`: it has the hosts `here` (as himself), `root` (as root) and `stranger` (whose host key is not known)."""

    def prefix(self, host: str) -> str:
        """The observer's prefix."""
        return f"ssh -F {self.config} {host}"


@contextlib.contextmanager
def sshd(user: OrdinaryUser) -> Iterator[Sshd]:
    """Starts it, waits until it listens, and ends it."""
    require(shutil.which("sshd") and shutil.which("ssh") and shutil.which("ssh-keygen"), "sshd or ssh is not installed")
    with contextlib.ExitStack() as stack:
        # In a folder of root's own: sshd trusts no other.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatescope-sshd-", dir="/var/tmp")))
        folder.chmod(0o755)
        if not _SEPARATION.exists():
            _SEPARATION.mkdir(mode=0o755)
            stack.callback(_SEPARATION.rmdir)
        port = _free_port()
        config = _client(user, folder, port)
        program = shutil.which("sshd")
        assert program is not None
        server = stack.enter_context(
            subprocess.Popen([program, "-D", "-q", "-f", _server(folder, port)], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        stack.callback(server.terminate)
        _wait(server, port)
        yield Sshd(config)


def _server(folder: Path, port: int) -> Path:
    config = folder / "sshd_config"
    config.write_text(f"""Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
""")
    return config


def _client(user: OrdinaryUser, folder: Path, port: int) -> Path:
    """The keys of both sides, and the user's configuration."""
    home = user.home / ".ssh"
    user.run("mkdir", "-m", "700", home)
    user.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / "id")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "host_key"], check=True)
    (folder / "authorized_keys").write_text((home / "id.pub").read_text())
    (folder / "authorized_keys").chmod(0o644)
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {(folder / 'host_key.pub').read_text()}")
    (folder / "known_hosts").chmod(0o644)
    config = folder / "ssh_config"
    config.write_text(f"""Host here root stranger
    HostName 127.0.0.1
    Port {port}
    IdentityFile {home}/id
    IdentitiesOnly yes
    LogLevel ERROR
Host here root
    UserKnownHostsFile {folder}/known_hosts
Host stranger
    UserKnownHostsFile /dev/null
Host root
    User root
""")
    config.chmod(0o644)
    return config


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("sshd did not begin to listen")
