"""What this machine can do, as an object, as JSON and as the command prints it."""

from __future__ import annotations

import json
import subprocess
import sys

from core.host import Host, probe
from core.ways import COMMAND_LINE


def test_json_is_the_same_host() -> None:
    host = probe(COMMAND_LINE)
    assert Host.from_json(json.loads(json.dumps(host.to_json()))) == host


def test_the_command_prints_it() -> None:
    done = subprocess.run([sys.executable, "-I", "-m", "core.cli", "host", "--json"], check=True, capture_output=True)
    printed = Host.from_json(json.loads(done.stdout))
    assert [one.name for one in printed.abilities] == [one.name for one in probe(COMMAND_LINE).abilities]
    assert printed.ability("engine ptrace").works == probe(COMMAND_LINE).ability("engine ptrace").works
