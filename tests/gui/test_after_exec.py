"""What the card says of the sets after exec, for plain cases; core/predict's own tests hold the sets against the kernel."""

from __future__ import annotations

from pathlib import Path

from core.policy.held import Held
from core.policy.identity import ROOT, Caller, User
from core.policy.model import Capabilities, Identity, Policy, Rule, Seccomp
from core.predict.credentials import Sets
from gui.after_exec import Answer, Question, answer, own_caller

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


def asked(policy: Policy, *, root: bool, command: str = "/bin/true") -> Answer:
    return answer(Question(policy, command, caller(root=root)))


def sets(found: Answer) -> Sets:
    assert found.forecast is not None
    assert found.forecast.prediction.after is not None
    return found.forecast.prediction.after.sets


def test_an_ordinary_user_holds_nothing() -> None:
    found = asked(Policy(), root=False)
    assert found.counts == "permitted 0 · effective 0 · ambient 0"
    assert "no_new_privs" in found.lines[-1]


def test_without_no_new_privs_setuid_programs_gain_though_not_while_a_user_traces() -> None:
    policy = Policy(identity=Identity(no_new_privs=False))
    assert "setuid root program" in (gist := asked(policy, root=False).lines[-1])
    assert gist.startswith("Nothing can be regained while it is watched")
    assert "watched" not in asked(policy, root=True).lines[-1]


def test_root_keeps_exactly_these() -> None:
    policy = Policy(identity=Identity(user="root"), capabilities=Capabilities(keep=("NET_RAW", "KILL")))
    found = asked(policy, root=True)
    assert (sets(found).effective, sets(found).ambient) == (1 << 13 | 1 << 5, 0)


def test_another_user_keeps_them_as_ambient() -> None:
    found = asked(Policy(capabilities=Capabilities(keep=("NET_RAW",))), root=True)
    assert found.counts == "permitted 1 · effective 1 · ambient 1"


def test_what_cannot_come_back_is_named() -> None:
    found = asked(Policy(identity=Identity(user="root", no_new_privs=False), capabilities=Capabilities(drop=("NET_RAW",))), root=True)
    assert found.lines[-1] == "Nothing can be regained: what is missing is neither in the bounding set nor inheritable."


def test_in_a_user_namespace_everything_is_held() -> None:
    assert sets(asked(Policy(identity=Identity(user="root", user_namespace=True)), root=False)).effective == _ALL


def test_what_cannot_be_had_is_refused() -> None:
    found = asked(Policy(capabilities=Capabilities(keep=("NET_RAW",))), root=False)
    assert (found.forecast, found.lines) == (None, ())
    assert "NET_RAW" in found.problem


def test_the_file_counts(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(Path("/bin/true").read_bytes())
    program.chmod(0o4755)
    owner = program.stat().st_uid
    found = asked(Policy(identity=Identity(no_new_privs=False)), root=True, command=f"'{program}' --word")
    assert found.forecast is not None
    assert found.forecast.program.setuid
    assert any(f"is setuid: the effective uid becomes {owner}" in str(rule) for rule in found.forecast.prediction.rules)


def test_a_setuid_program_gains_nothing_under_a_tracer_without_privilege() -> None:
    policy = Policy(identity=Identity(no_new_privs=False))
    found = asked(policy, root=False, command="/usr/bin/su")
    assert found.counts == "permitted 0 · effective 0 · ambient 0"
    assert found.forecast is not None
    assert any("its tracer has no SYS_PTRACE over it" in str(rule) for rule in found.forecast.prediction.rules)


def test_a_command_that_is_not_there_is_taken_for_an_ordinary_one() -> None:
    for command, words in (("no-such-program", "no such command in PATH"), ("'unfinished", "No closing quotation")):
        found = asked(Policy(), root=False, command=command)
        assert words in found.lines[0]
        assert found.lines[1] == "permitted 0 · effective 0 · ambient 0"
    assert asked(Policy(), root=False, command=" ").lines[0] == "permitted 0 · effective 0 · ambient 0"


def test_the_files_of_another_machine_are_not_looked_at() -> None:
    found = answer(Question(Policy(), "/usr/bin/su", caller(root=True), elsewhere=True))
    assert found.forecast is not None
    assert not found.forecast.program.setuid
    assert found.lines[0].startswith("The observer runs elsewhere.")


def test_the_seccomp_rules_do_not_matter() -> None:
    wrong = Seccomp(mode="filter", rules=(Rule(syscalls=("sokcet",), action="log"),))
    assert asked(Policy(seccomp=wrong), root=False).problem == ""


def test_own_caller_reads_this_process() -> None:
    with Path("/proc/self/status").open(encoding="ascii") as status:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
    mine = own_caller(as_root=False)
    assert mine.held.permitted == int(fields["CapPrm"], 16)
    assert mine.held.bounding == int(fields["CapBnd"], 16)
    root = own_caller(as_root=True)
    assert (root.held.permitted, root.observer) == (mine.held.bounding, ROOT)
