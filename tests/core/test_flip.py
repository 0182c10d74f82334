"""Proof by flipping, really run: the kernel confirms, refutes, or cannot be asked."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from core.event import CallEvent
from core.flip import NotTestableError, prepare_flip
from core.judge.change import Change, ChangeKind
from core.judge.changes import changes
from core.judge.proof import Proof, Standing
from core.observer.wire import Engine
from core.recording.recording import Recording
from core.recording.situation import situation_of
from gui.ways import WINDOW
from tests.core.judge.test_ground_truth import ENGINES, PRELUDE, RAW_REFUSED, RAW_SOCKET, engine_problem, lacking
from tests.support.ordinary_user import ordinary_user
from tests.support.privilege import require, require_root
from tests.support.run import PIPES, recording_of, run, run_plan

PYTHON = str(Path(sys.executable).resolve())
TWO_RULES = RAW_REFUSED + '[[seccomp.rules]]\nsyscalls = ["socket"]\naction = "errno:EACCES"\n'


def made(policy: str, code: str, engine: Engine) -> Recording:
    require_root("the cases drop capabilities that only root has")
    problem = engine_problem(engine)
    require(not problem, f"the engine {engine} does not work here: {problem}")
    return recording_of(run([PYTHON, "-I", "-S", "-c", PRELUDE + code], policy, engine=engine))


def last(recording: Recording, syscall: str) -> int:
    found = [event.seq for event in recording.events() if isinstance(event, CallEvent) and event.syscall == syscall]
    return found[-1] - 1


def change_of(recording: Recording, index: int, kind: ChangeKind) -> Change:
    return next(change for change in changes(situation_of(recording, index)) if change.kind is kind)


def flipped(recording: Recording, index: int, change: Change) -> Proof:
    flip = prepare_flip(recording, index, change, privileged=True, ways=WINDOW, terminal=PIPES)
    proof = flip.result(run_plan(flip.plan))
    assert proof is not None
    return proof


@pytest.mark.parametrize("engine", ENGINES)
def test_a_capability_is_confirmed(engine: Engine) -> None:
    recording = made(lacking("NET_RAW"), RAW_SOCKET, engine)
    index = last(recording, "socket")
    proof = flipped(recording, index, change_of(recording, index, ChangeKind.CAPABILITY))
    assert proof.standing is Standing.CONFIRMED, proof.sentence
    assert "succeeded" in proof.sentence
    assert "instead of EPERM" in proof.sentence
    assert proof.after is not None
    assert (proof.after.syscall, proof.after.errno) == ("socket", None)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_seccomp_rule_is_confirmed(engine: Engine) -> None:
    recording = made(RAW_REFUSED, RAW_SOCKET, engine)
    index = last(recording, "socket")
    proof = flipped(recording, index, change_of(recording, index, ChangeKind.RULE))
    assert proof.standing is Standing.CONFIRMED, proof.sentence


def test_behind_seccomp_the_capability_says_no() -> None:
    recording = made(lacking("NET_RAW") + RAW_REFUSED, RAW_SOCKET, "ebpf")
    index = last(recording, "socket")
    proof = flipped(recording, index, change_of(recording, index, ChangeKind.RULE))
    assert proof.standing is Standing.CONFIRMED
    assert "came further, and to EPERM at another gate" in proof.sentence
    assert "CAP_NET_RAW" in proof.sentence


def test_that_nothing_changes_is_confirmed_too() -> None:
    recording = made(TWO_RULES, RAW_SOCKET, "ebpf")
    index = last(recording, "socket")
    change = next(change for change in changes(situation_of(recording, index)) if change.kind is ChangeKind.RULE and change.provable)
    assert not change.helps
    assert "Rule 1 would still refuse it with EPERM" in change.effect
    assert flipped(recording, index, change).standing is Standing.CONFIRMED


def test_a_dropped_capability_stops_the_call() -> None:
    recording = made("", RAW_SOCKET, "ebpf")
    index = last(recording, "socket")
    proof = flipped(recording, index, change_of(recording, index, ChangeKind.CAPABILITY))
    assert proof.standing is Standing.CONFIRMED, proof.sentence
    assert proof.after is not None
    assert proof.after.errno == "EPERM"


def test_an_inferred_verdict_is_refuted() -> None:
    """A folder has no second name, whoever asks; from the errno alone FOWNER was to blame."""
    recording = made(lacking("FOWNER"), "attempt(os.link, '/tmp', '/tmp/another-name')", "ptrace")
    index = last(recording, "link")
    change = change_of(recording, index, ChangeKind.CAPABILITY)
    assert "FOWNER" in change.sentence
    proof = flipped(recording, index, change)
    assert proof.standing is Standing.REFUTED
    assert "EPERM all the same" in proof.sentence


def test_a_call_that_does_not_come_again(tmp_path: Path) -> None:
    once = (
        f"exists = os.path.exists({str(tmp_path / 'been')!r}); open({str(tmp_path / 'been')!r}, 'w').close()\nif not exists: {RAW_SOCKET}"
    )
    recording = made(lacking("NET_RAW"), once, "ptrace")
    index = last(recording, "socket")
    proof = flipped(recording, index, change_of(recording, index, ChangeKind.CAPABILITY))
    assert proof.standing is Standing.NOT_TESTABLE
    assert "did not occur again" in proof.sentence


def test_in_a_process_further_down_the_tree() -> None:
    fork = "for number in range(3):\n    if not os.fork():\n        number == 2 and attempt(os.chroot, '/')\n        os._exit(0)\n    os.wait()"
    recording = made(lacking("SYS_CHROOT"), fork, "ptrace")
    index = last(recording, "chroot")
    proof = flipped(recording, index, change_of(recording, index, ChangeKind.CAPABILITY))
    assert proof.standing is Standing.CONFIRMED, proof.sentence


def test_what_nobody_here_can_give_is_not_tried() -> None:
    recording = made('[identity]\nuser = "nobody"\n', RAW_SOCKET, "ptrace")
    index = last(recording, "socket")
    for kind in (ChangeKind.CAPABILITY, ChangeKind.USER):
        with pytest.raises(NotTestableError, match="root"):
            prepare_flip(recording, index, change_of(recording, index, kind), privileged=False, ways=WINDOW)


AS_AN_ORDINARY_USER = """
import json, sys
from core.flip import NotTestableError, prepare_flip
from core.headless import HeadlessRun
from core.judge.change import ChangeKind
from core.judge.changes import changes
from core.observer_command import observer_command
from core.plan import Terminal, make_plan
from core.policy.model import Policy
from core.recording.situation import situation_of
from core.session import Session
from gui.ways import WINDOW

PIPES = Terminal(("pipe", "pipe", "pipe"))
def run(plan):
    session = Session(plan)
    HeadlessRun(session, observer_command(), lambda progress: None).run()
    return session

code = "import os, socket\\n" + "".join(
    f"try: {call}\\nexcept OSError: pass\\n" for call in ("socket.socket(2, 3, 1)", "os.chroot('/')"))
recording = run(make_plan(Policy(), [sys.executable, "-I", "-S", "-c", code], engine="ptrace", terminal=PIPES)).recording
for event in list(recording.events()):
    if getattr(event, "syscall", "") not in ("socket", "chroot"):
        continue
    for change in changes(situation_of(recording, event.seq - 1)):
        if change.kind not in (ChangeKind.CAPABILITY, ChangeKind.NAMESPACE):
            continue
        try:
            flip = prepare_flip(recording, event.seq - 1, change, privileged=False, ways=WINDOW, terminal=PIPES)
            proof = flip.result(run(flip.plan))
            print(json.dumps([event.syscall, change.kind.value, change.helps, proof.standing.value, proof.sentence, flip.note]))
        except NotTestableError as err:
            print(json.dumps([event.syscall, change.kind.value, change.helps, "not testable here", str(err), ""]))
"""


def test_without_privilege_a_flip_is_made_only_where_it_is_the_same_check() -> None:
    with ordinary_user() as user:
        done = user.run(user.bin / "python", "-c", AS_AN_ORDINARY_USER, timeout=60)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines, done.stderr.decode()
    told = {(call, kind, helps): (standing, note) for call, kind, helps, standing, _, note in lines}
    assert told["socket", "capability", True] == ("not testable here", "")
    # That a namespace of its own does not help with a raw socket, the kernel confirms.
    assert told["socket", "user namespace", False] == ("confirmed", "")
    assert told["chroot", "capability", True] == (
        "confirmed",
        "The target holds SYS_CHROOT in a user namespace of its own: that is where chroot asks for it.",
    )
    assert told["chroot", "user namespace", True] == ("confirmed", "")
