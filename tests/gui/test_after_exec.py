"""What the card says of the sets after exec, held against what a real run would compute and against plain cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.policy.error import PolicyError
from core.policy.held import Held
from core.policy.identity import ROOT, Caller, User
from core.policy.model import Capabilities, Identity, Policy
from gui.after_exec import after_exec, own_caller

_LAST = 40
_ALL = (2 << _LAST) - 1
_ME = User(1000, 1000)


def _find_user(name: str | int) -> User | None:
    return ROOT if name == "root" else None


def _find_group(_name: str) -> int | None:
    return None


def caller(*, root: bool) -> Caller:
    held = Held.everything(_LAST) if root else Held(bounding=_ALL, permitted=0)
    return Caller(_ME, ROOT if root else _ME, held, _LAST, _find_user, _find_group)


def test_an_ordinary_user_holds_nothing() -> None:
    sets = after_exec(Policy(), caller(root=False))
    assert sets.counts == "permitted 0 · effective 0 · ambient 0"
    assert "no_new_privs" in sets.outlook


def test_without_no_new_privs_setuid_programs_gain() -> None:
    sets = after_exec(Policy(identity=Identity(no_new_privs=False)), caller(root=False))
    assert "setuid" in sets.outlook


def test_root_keeps_exactly_these() -> None:
    policy = Policy(identity=Identity(user="root"), capabilities=Capabilities(keep=("NET_RAW", "KILL")))
    sets = after_exec(policy, caller(root=True))
    assert sets.effective == 1 << 13 | 1 << 5
    assert sets.ambient == 0
    assert "39" in sets.outlook


def test_another_user_keeps_them_as_ambient() -> None:
    policy = Policy(capabilities=Capabilities(keep=("NET_RAW",)))
    sets = after_exec(policy, caller(root=True))
    assert sets.counts == "permitted 1 · effective 1 · ambient 1"


def test_what_is_dropped_is_named() -> None:
    sets = after_exec(Policy(identity=Identity(user="root"), capabilities=Capabilities(drop=("NET_RAW",))), caller(root=True))
    assert sets.outlook == "bounding lacks NET_RAW: it cannot be regained"


def test_in_a_user_namespace_everything_is_held() -> None:
    sets = after_exec(Policy(identity=Identity(user="root", user_namespace=True)), caller(root=False))
    assert sets.effective == _ALL


def test_what_cannot_be_had_is_refused() -> None:
    with pytest.raises(PolicyError, match="NET_RAW"):
        after_exec(Policy(capabilities=Capabilities(keep=("NET_RAW",))), caller(root=False))


def test_own_caller_reads_this_process() -> None:
    with Path("/proc/self/status").open(encoding="ascii") as status:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
    mine = own_caller(as_root=False)
    assert mine.held.permitted == int(fields["CapPrm"], 16)
    assert mine.held.bounding == int(fields["CapBnd"], 16)
    assert own_caller(as_root=True).held.permitted == (2 << mine.last_capability) - 1
