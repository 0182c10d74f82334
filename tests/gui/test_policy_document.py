"""The document keeps every step, and its file is whole at every moment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from core.policy.error import PolicyError
from core.policy.file import decode
from core.policy.model import Capabilities, Identity, Policy, Rule, Seccomp
from gui.models import rule_edits
from gui.policy_document import PolicyDocument

_SOCKET = Rule(syscalls=("socket",), action="errno:EPERM")
_NAMED = Policy(name="A name")


@pytest.fixture
def document(qtbot: QtBot) -> PolicyDocument:  # noqa: ARG001  qtbot fails the test on exceptions in slots
    return PolicyDocument()


def with_rules(policy: Policy, *rules: Rule) -> Policy:
    return msgspec.structs.replace(policy, seccomp=Seccomp(mode="filter", rules=rules))


def test_edit_tells_the_new_policy(document: PolicyDocument, qtbot: QtBot) -> None:
    with qtbot.waitSignal(document.changed) as changed:
        document.edit("naming", _NAMED)
    assert changed.args == [_NAMED]
    assert document.policy == _NAMED
    assert document.dirty


def test_edit_without_a_change_is_no_step(document: PolicyDocument) -> None:
    document.edit("nothing", Policy())
    assert document.undo_stack.count() == 0
    assert not document.dirty


def test_undo_and_redo(document: PolicyDocument) -> None:
    document.edit("naming", _NAMED)
    assert document.undo_stack.undoText() == "naming"
    document.undo_stack.undo()
    assert document.policy == Policy()
    assert not document.dirty
    document.undo_stack.redo()
    assert document.policy == _NAMED


def test_typing_in_one_field_is_one_step(document: PolicyDocument) -> None:
    for name in ("N", "Na", "Nam", "Name"):
        document.edit("naming", Policy(name=name), field="name")
    document.edit("describing", Policy(name="Name", description="D"), field="description")
    assert document.undo_stack.count() == 2
    document.undo_stack.undo()
    assert document.policy == Policy(name="Name")
    document.undo_stack.undo()
    assert document.policy == Policy()


def test_typing_back_to_the_start_leaves_no_step(document: PolicyDocument) -> None:
    document.edit("naming", Policy(name="N"), field="name")
    document.edit("naming", Policy(), field="name")
    assert document.policy == Policy()
    assert document.undo_stack.count() == 0


_CALLS = st.sampled_from(["socket", "openat", "@network-io", "kill"])
_EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.integers(0, 5), _CALLS),
        st.tuples(st.just("remove"), st.integers(0, 5), _CALLS),
        st.tuples(st.just("move"), st.integers(0, 5), _CALLS),
        st.tuples(st.just("name"), st.integers(0, 5), _CALLS),
        st.tuples(st.just("capabilities"), st.integers(0, 5), _CALLS),
        st.tuples(st.just("open"), st.integers(0, 5), _CALLS),
        st.tuples(st.just("undo"), st.integers(0, 5), _CALLS),
    ),
    max_size=25,
)


def _apply(document: PolicyDocument, kind: str, place: int, call: str) -> None:
    policy = document.policy
    seccomp = policy.seccomp
    row = place % len(seccomp.rules) if seccomp.rules else 0
    match kind:
        case "insert":
            seccomp = rule_edits.inserted(seccomp, row, Rule(syscalls=(call,), action="errno:EPERM", note=str(place)))
        case "remove" if seccomp.rules:
            seccomp = rule_edits.removed(seccomp, {row})
        case "move" if seccomp.rules:
            seccomp = rule_edits.moved(seccomp, row, place)
        case "name":
            document.edit("naming", msgspec.structs.replace(policy, name=policy.name + call), field="name")
            return
        case "capabilities":
            document.edit("capabilities", msgspec.structs.replace(policy, capabilities=Capabilities(drop=("KILL",) * (place % 2))))
            return
        case "open":
            document.set_policy(with_rules(Policy(name=call), *[_SOCKET] * place), Path(call))
            return
        case "undo":
            document.undo_stack.undo()
            return
    document.edit(kind, msgspec.structs.replace(policy, seccomp=seccomp))


@hypothesis.given(_EDITS)
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])  # qtbot holds no state that examples share
def test_undo_never_loses_a_step(qtbot: QtBot, edits: list[tuple[str, int, str]]) -> None:  # noqa: ARG001  as above
    document = PolicyDocument()
    first = with_rules(Policy(name="first"), _SOCKET)
    document.set_policy(first)
    document.edit("a step, so that opening is one too", msgspec.structs.replace(first, description="begun"))
    for kind, place, call in edits:
        _apply(document, kind, place, call)
    last, stack = document.policy, document.undo_stack
    at = stack.index()
    while stack.canUndo():
        stack.undo()
    assert document.policy == first
    stack.setIndex(at)
    assert document.policy == last


def test_opening_the_first_policy_is_no_step(document: PolicyDocument) -> None:
    document.set_policy(_NAMED, Path("a.toml"))
    assert document.undo_stack.count() == 0
    assert document.path == Path("a.toml")
    assert not document.dirty


def test_opening_another_can_be_undone_with_its_path(document: PolicyDocument) -> None:
    document.set_policy(_NAMED, Path("a.toml"))
    document.edit("editing", with_rules(_NAMED, _SOCKET))
    document.set_policy(Policy(name="Other"), None)
    assert (document.path, document.dirty) == (None, False)
    document.undo_stack.undo()
    assert document.policy == with_rules(_NAMED, _SOCKET)
    assert (document.path, document.dirty) == (Path("a.toml"), True)


def test_save_and_load(document: PolicyDocument, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    document.edit("editing", with_rules(_NAMED, _SOCKET))
    document.save(path)
    assert (document.path, document.dirty) == (path, False)
    other = PolicyDocument()
    other.load(path)
    assert other.policy == document.policy
    assert (other.path, other.dirty) == (path, False)


def test_undo_after_saving_elsewhere_keeps_the_new_file(document: PolicyDocument, tmp_path: Path) -> None:
    document.set_policy(_NAMED, tmp_path / "a.toml")
    document.edit("editing", with_rules(_NAMED, _SOCKET))
    document.save(tmp_path / "b.toml")
    document.undo_stack.undo()
    assert (document.path, document.dirty) == (tmp_path / "b.toml", True)


def test_save_without_a_file_says_so(document: PolicyDocument) -> None:
    with pytest.raises(FileNotFoundError, match="no file yet"):
        document.save()


def test_save_keeps_permissions_and_links(document: PolicyDocument, tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "link.toml"
    real.write_text("")
    real.chmod(0o640)
    link.symlink_to(real)
    document.edit("naming", _NAMED)
    document.save(link)
    assert link.is_symlink()
    assert decode(real.read_text()) == _NAMED
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_save_that_fails_leaves_the_old_file_alone(document: PolicyDocument, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('name = "old"')
    document.edit("naming", _NAMED)

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        document.save(path)
    assert path.read_text() == 'name = "old"'
    assert [entry.name for entry in tmp_path.iterdir()] == ["policy.toml"]
    assert document.dirty


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"nme = 1", "no such key"),
        (b"name = ", "this is not TOML"),
        (b"#" * ((1 << 20) + 1), "larger than 1 MiB"),
    ],
)
def test_load_says_what_is_no_policy(document: PolicyDocument, tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(content)
    with pytest.raises(PolicyError, match=words):
        document.load(path)
    assert document.policy == Policy()


def test_load_does_not_wait_for_a_pipe(document: PolicyDocument, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(PolicyError, match="not an ordinary file"):
        document.load(path)


def test_load_of_nothing_is_an_os_error(document: PolicyDocument, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        document.load(tmp_path / "missing.toml")


def test_each_part_tells_its_own_problem(document: PolicyDocument) -> None:
    wrong = Rule(syscalls=("sokcet",), action="errno:EPERM")
    document.edit(
        "breaking it",
        Policy(
            identity=Identity(user=""),
            capabilities=Capabilities(keep=("NET_ROW",)),
            seccomp=Seccomp(mode="filter", default="alow", rules=(_SOCKET, wrong)),
        ),
    )
    assert "must be a name" in document.problem_at("identity.user")
    assert "NET_RAW" in document.problem_at("capabilities")
    assert "allow" in document.problem_at("seccomp.default")
    assert document.problem_at("seccomp.rules[0]") == ""
    assert "socket" in document.problem_at("seccomp.rules[1]")
    assert len(document.problems) == 4
    document.undo_stack.undo()
    assert not document.problems


def test_rule_ten_is_not_below_rule_one(document: PolicyDocument) -> None:
    wrong = Rule(syscalls=(), action="allow")
    document.edit("eleven rules", with_rules(Policy(), *[_SOCKET] * 10, wrong))
    assert document.problem_at("seccomp.rules[1]") == ""
    assert document.problem_at("seccomp.rules[10]")


_STEPS_FREED_FIRST = """
import gc
from core.policy.model import Policy
from gui.policy_document import PolicyDocument

gc.disable()
for _ in range(10):
    document = PolicyDocument()
    document.itself = document
    for number in range(20):
        document.edit("naming", Policy(name=str(number)))
    steps = [document.undo_stack.command(number) for number in range(20)]
    del document
    gc.collect()  # moves what only the steps lead to behind them
    steps.clear()
    gc.collect()
"""


def test_a_document_is_freed_whole_whatever_the_interpreter_frees_first() -> None:
    subprocess.run([sys.executable, "-c", _STEPS_FREED_FIRST], check=True, timeout=60)
