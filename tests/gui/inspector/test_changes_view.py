"""What would change it: the policy is edited, and the proof is really run."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from core.policy.file import decode
from core.policy.model import Capabilities, Policy
from core.recording.recording import Recording
from gui.flip_flow import FlipFlow, Question
from gui.inspector.inspector import Inspector
from gui.policy_document import PolicyDocument
from gui.run_flow import RunFlow
from tests.core.judge.test_ground_truth import RAW_REFUSED, RAW_SOCKET, lacking
from tests.gui.inspector.conftest import Show, recorded, texts

SECONDS = 30_000
LINK = "attempt(os.link, '/tmp', '/tmp/another-name')"


def test_a_button_edits_the_policy_and_undo_takes_it_back(inspector: Inspector, show: Show, document: PolicyDocument, qtbot: QtBot) -> None:
    document.set_policy(decode(lacking("NET_RAW")))
    show(lacking("NET_RAW"), RAW_SOCKET, "socket")
    row = inspector.call.changes.rows[0]
    row.set_policy.click()
    assert document.policy == Policy(capabilities=Capabilities(drop=()))
    assert document.undo_stack.undoText() == "hold NET_RAW"
    assert not row.set_policy.isEnabled()
    with qtbot.waitSignal(inspector.run_wanted):
        row.run_again.click()
    document.undo_stack.undo()
    assert document.policy == decode(lacking("NET_RAW"))
    assert row.set_policy.isEnabled()
    assert not row.run_again.isVisible()


def test_what_was_edited_since_the_run_stays(inspector: Inspector, show: Show, document: PolicyDocument) -> None:
    document.set_policy(decode('name = "mine"\n' + RAW_REFUSED))
    show(RAW_REFUSED, RAW_SOCKET, "socket")
    inspector.call.changes.rows[0].set_policy.click()
    assert document.policy.name == "mine"
    assert not document.policy.seccomp.rules[0].enabled


def test_what_would_not_help_has_no_button(inspector: Inspector, show: Show) -> None:
    show(lacking("NET_RAW") + RAW_REFUSED.replace("SOCK_RAW", "SOCK_DGRAM"), RAW_SOCKET, "socket")
    passed = inspector.call.changes.rows[-1]
    assert "Switching off rule 1 would not" in texts(inspector)
    assert not passed.set_policy.isVisible()


def test_an_inferred_verdict_asks_for_its_proof(inspector: Inspector, show: Show) -> None:
    show(lacking("NET_RAW"), RAW_SOCKET, "socket")
    assert "a second run with one toggle changed proves or refutes it" in texts(inspector)
    assert [row.prove.property("primary") for row in inspector.call.changes.rows] == [True]
    show('[identity]\nuser = "nobody"\n', RAW_SOCKET, "socket")
    assert [row.prove.property("primary") for row in inspector.call.changes.rows] == [True, False, False]


def test_a_proof_is_run_and_shown_beside_the_first(inspector: Inspector, show: Show, flips: FlipFlow, qtbot: QtBot) -> None:
    show(lacking("NET_RAW"), RAW_SOCKET, "socket")
    row = inspector.call.changes.rows[0]
    row.prove.click()
    assert flips.busy
    assert not row.prove.isEnabled()
    assert row.stop.isVisible()
    assert "Running the target again" in texts(inspector)
    qtbot.waitUntil(lambda: not flips.busy, timeout=SECONDS)
    assert "Confirmed" in texts(inspector)
    assert "instead of EPERM" in texts(inspector)
    assert "with the change" in texts(inspector)
    with qtbot.waitSignal(inspector.recording_wanted) as wanted:
        row.open_second.click()
    assert Recording.open(wanted.args[0]).header.argv[-1].endswith(RAW_SOCKET)


def test_the_answer_is_remembered_while_other_calls_are_looked_at(inspector: Inspector, show: Show, flips: FlipFlow, qtbot: QtBot) -> None:
    event = show(lacking("FOWNER"), LINK, "link")
    inspector.call.changes.rows[0].prove.click()
    inspector.show_event(recorded(lacking("FOWNER"), LINK).event(0))
    inspector.show_event(event)
    qtbot.waitUntil(lambda: bool(inspector.call.changes.rows))
    qtbot.waitUntil(lambda: not flips.busy, timeout=SECONDS)
    assert "Refuted" in texts(inspector)
    answer = flips.answer(Question(event.seq - 1, "Hold FOWNER"))
    assert answer is not None
    flips.forget()
    assert flips.answer(Question(event.seq - 1, "Hold FOWNER")) is None


def test_what_cannot_be_tried_says_why_at_once(inspector: Inspector, show: Show, run_flow: RunFlow, flips: FlipFlow) -> None:
    show(lacking("NET_RAW"), RAW_SOCKET, "socket")
    run_flow.observer = "no-such-prefix"
    inspector.call.changes.rows[0].prove.click()
    assert not flips.busy
    assert "Not testable here" in texts(inspector)
    assert "no-such-prefix is not installed" in texts(inspector)


def test_a_second_run_can_be_stopped(
    inspector: Inspector, show: Show, flips: FlipFlow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second time it waits in front of the call for a key that nobody presses.
    show(lacking("NET_RAW"), f"'waits' in os.environ and os.read(0, 1)\n{RAW_SOCKET}", "socket")
    monkeypatch.setenv("waits", "1")
    row = inspector.call.changes.rows[0]
    with qtbot.waitSignal(flips.running, timeout=SECONDS):
        row.prove.click()
    row.stop.click()
    qtbot.waitUntil(lambda: not flips.busy, timeout=SECONDS)
    assert "Not testable here" in texts(inspector)
    assert "did not occur again" in texts(inspector)
