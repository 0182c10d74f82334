"""What exec does for somebody without privilege, whose own observer traces his programs: predicted, and so it comes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.core.policy.launched import user_namespaces_for_all
from tests.support.ordinary_user import OrdinaryUser
from tests.support.privilege import require

COMMANDS = "su -c id </dev/null; passwd -S; mount >/dev/null; unshare -Ur sh -c 'id; mount >/dev/null'; id; true"


def execs(user: OrdinaryUser, policy: str) -> list[dict[str, Any]]:
    (user.home / "policy.toml").write_text(policy)
    done = user.gatescope("run", "--policy", "policy.toml", "--format", "jsonl", "--output", "events", "--", "sh", "-c", COMMANDS)
    assert done.returncode == 0, done.stderr
    events = map(json.loads, (user.home / "events").read_text().splitlines())
    return [event for event in events if event.get("event") == "exec"]


@pytest.mark.parametrize("no_new_privs", ["true", "false"])
def test_setuid_programs_gain_nothing_under_his_tracer(user: OrdinaryUser, no_new_privs: str) -> None:
    found = execs(user, f"[identity]\nno_new_privs = {no_new_privs}\n")
    assert len(found) >= 6
    assert [(event["argv"], event["reason"]) for event in found if event["agrees"] is not True] == []
    (su,) = (event for event in found if event["argv"][0] == "su")
    assert (su["predicted"]["permitted"], su["capabilities"]["permitted"], set(su["uids"])) == ([], [], {user.uid})
    why = "no_new_privs is set" if no_new_privs == "true" else "its tracer has no SYS_PTRACE over it"
    assert any(why in rule for rule in su["rules"])


def test_in_a_user_namespace_of_his_own(user: OrdinaryUser) -> None:
    require(user_namespaces_for_all(), "ordinary users may not make user namespaces here")
    found = execs(user, '[identity]\nuser = "root"\nuser_namespace = true\nno_new_privs = false\n')
    assert [(event["argv"], event["reason"]) for event in found if event["agrees"] is not True] == []
    assert "SYS_ADMIN" in found[0]["capabilities"]["effective"]
