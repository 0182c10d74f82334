"""The policy file: strict reading with sentences, readable writing, and the way there and back."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from core.policy.error import PolicyError
from core.policy.file import decode, encode
from core.policy.model import ArgumentTest, Capabilities, Filter, Identity, Policy, Rule, Seccomp
from tests.core.policy.strategies import POLICIES

NEWER = " If a newer Gatescope wrote this, open it with that one."
RULE = '[[seccomp.rules]]\nsyscalls = ["socket"]\naction = "allow"\n'

WHOLE = Policy(
    name="Raw sockets, refused by seccomp",
    identity=Identity(user="root", groups=(), no_new_privs=False),
    capabilities=Capabilities(keep=("NET_RAW",)),
    seccomp=Seccomp(
        mode="filter",
        flags=("log",),
        rules=(
            Rule(
                syscalls=("socket", 41, "@network-io"),
                action="errno:EPERM",
                args=(
                    ArgumentTest(index=0, op="==", value="AF_INET"),
                    ArgumentTest(index=1, op="&==", mask=15, value="SOCK_RAW"),
                ),
                note='It says "no".',
            ),
            Rule(syscalls=("kill",), action="allow", enabled=False),
        ),
        judge_from="main",
        stacked=(
            Filter(note="What nobody may do."),
            Filter(default="log", rules=(Rule(syscalls=("read",), action="allow"),)),
        ),
    ),
)

WHOLE_TEXT = """\
name = "Raw sockets, refused by seccomp"

[identity]
user = "root"
groups = []
no_new_privs = false

[capabilities]
keep = ["NET_RAW"]

[seccomp]
mode = "filter"
default = "allow"
judge_from = "main"
flags = ["log"]

[[seccomp.rules]]
syscalls = ["socket", 41, "@network-io"]
action = "errno:EPERM"
args = [{ index = 0, op = "==", value = "AF_INET" }, { index = 1, op = "&==", mask = 15, value = "SOCK_RAW" }]
note = "It says \\"no\\"."

[[seccomp.rules]]
syscalls = ["kill"]
action = "allow"
enabled = false

[[seccomp.stacked]]
default = "allow"
note = "What nobody may do."

[[seccomp.stacked]]
default = "log"

[[seccomp.stacked.rules]]
syscalls = ["read"]
action = "allow"
"""


@given(POLICIES)
def test_reading_what_was_written_gives_an_equal_policy(policy: Policy) -> None:
    assert decode(encode(policy)) == policy


def test_the_text_is_laid_out_for_people() -> None:
    assert encode(WHOLE) == WHOLE_TEXT


def test_a_long_list_has_one_entry_a_line() -> None:
    names = tuple(f"CAPABILITY_NUMBER_{n}" for n in range(9))
    text = encode(Policy(capabilities=Capabilities(drop=names)))
    assert text.startswith('[capabilities]\ndrop = [\n    "CAPABILITY_NUMBER_0",\n')
    assert text.endswith('    "CAPABILITY_NUMBER_8",\n]\n')


def test_an_empty_file_is_the_default_policy() -> None:
    assert decode("") == Policy()
    assert encode(Policy()) == ""


def test_an_empty_table_is_not_an_absent_one() -> None:
    assert decode("[capabilities]\n").capabilities == Capabilities()
    assert decode(encode(Policy(capabilities=Capabilities()))).capabilities == Capabilities()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'nmae = "x"',
            'nmae: there is no such key; did you mean "name"? Allowed: name, description, identity, capabilities, seccomp, paths.',
        ),
        (
            '[seccomp]\ndefualt = "allow"',
            'seccomp.defualt: there is no such key; did you mean "default"? Allowed: mode, default, judge_from, architectures, bad_arch, flags, rules, note, stacked.',
        ),
        (
            "[quotas]\nmemory = 5\n[seccomp]\nmode = 'strict'",
            f"quotas: there is no such key. Allowed: name, description, identity, capabilities, seccomp, paths.{NEWER}",
        ),
        (
            "[identity]\nuid_map = [0, 1000, 1]",
            "identity.uid_map[0]: 0 is not allowed: it must be 3 entries in brackets (each: a whole number).",
        ),
        (
            "[identity]\nuid_map = [[0, 1000]]",
            "identity.uid_map[0]: [0, 1000] is not allowed: it must be 3 entries in brackets (each: a whole number).",
        ),
        (
            '[identity]\nuid_map = [[0, 1000, 1], [1, "me", 1]]',
            'identity.uid_map[1][1]: "me" is not allowed: it must be a whole number.',
        ),
        (
            '[[seccomp.stacked]]\nmode = "filter"',
            f"seccomp.stacked[0].mode: there is no such key. Allowed: default, architectures, bad_arch, flags, rules, note.{NEWER}",
        ),
        (
            "[[seccomp.stacked]]\n[[seccomp.stacked]]\nrules = 3",
            "seccomp.stacked[1].rules: 3 is not allowed: it must be a list in brackets (each entry: a table).",
        ),
        (
            f"{RULE}colour = 3",
            f"seccomp.rules[0].colour: there is no such key. Allowed: syscalls, action, args, note, enabled.{NEWER}",
        ),
        (
            '[seccomp]\nmode = "fliter"',
            'seccomp.mode: "fliter" is not allowed; did you mean "filter"? Allowed: off, strict, filter.',
        ),
        (
            '[seccomp]\njudge_from = "later"',
            f'seccomp.judge_from: "later" is not allowed. Allowed: execve, first-instruction, entry, main.{NEWER}',
        ),
        (
            '[seccomp]\nflags = ["log", "lgo"]',
            'seccomp.flags[1]: "lgo" is not allowed; did you mean "log"? Allowed: log, spec-allow, tsync, wait-killable.',
        ),
        (
            "[seccomp]\nmode = 2",
            "seccomp.mode: 2 is not allowed. Allowed: off, strict, filter.",
        ),
        (
            f'{RULE}args = [{{ index = 0, op = "=", value = 1 }}]',
            'seccomp.rules[0].args[0].op: "=" is not allowed. Allowed: ==, !=, <, <=, >, >=, &==.',
        ),
        (
            f'{RULE}args = [{{ index = 0, op = "==" }}]',
            "seccomp.rules[0].args[0].value: is missing; it must be a whole number or text in quotes.",
        ),
        (
            '[[seccomp.rules]]\nsyscalls = ["socket"]',
            "seccomp.rules[0].action: is missing; it must be text in quotes.",
        ),
        (
            '[[seccomp.rules]]\nsyscalls = "socket"\naction = "allow"',
            'seccomp.rules[0].syscalls: "socket" is not allowed: it must be a list in brackets (each entry: text in quotes or a whole number).',
        ),
        (
            '[[seccomp.rules]]\nsyscalls = [true]\naction = "allow"',
            "seccomp.rules[0].syscalls[0]: true is not allowed: it must be text in quotes or a whole number.",
        ),
        (
            '[seccomp]\nflags = "log"',
            'seccomp.flags: "log" is not allowed: it must be a list in brackets (each entry: one of log, spec-allow, tsync, wait-killable).',
        ),
        (
            "[identity]\nno_new_privs = 1",
            "identity.no_new_privs: 1 is not allowed: it must be true or false.",
        ),
        (
            "[identity]\nuser = 1.5",
            "identity.user: 1.5 is not allowed: it must be text in quotes or a whole number.",
        ),
        (
            '[capabilities]\nkeep = "ALL"',
            'capabilities.keep: "ALL" is not allowed: it must be a list in brackets (each entry: text in quotes).',
        ),
        (
            "seccomp = [1]",
            "seccomp: [1] is not allowed: it must be a table.",
        ),
        (
            "[capabilities.keep]\nNET_RAW = true",
            "capabilities.keep: a table is not allowed: it must be a list in brackets (each entry: text in quotes).",
        ),
        (
            'name = ["a", "b", "c", "d", "e", "f", "g", "h", "i"]',
            "name: this list is not allowed: it must be text in quotes.",
        ),
        (
            f"name = 0x{'f' * 5000}",
            "name: 0xffffffffffffffffff… is not allowed: it must be text in quotes.",
        ),
        (
            "name = 2026-11-24",
            "name: 2026-11-24 is not allowed: it must be text in quotes.",
        ),
        (
            '"new\\u001b[2J" = 1',
            f'"new\\u001b[2J": there is no such key. Allowed: name, description, identity, capabilities, seccomp, paths.{NEWER}',
        ),
        (
            f"name = {'[' * 100000}",
            "this is not a policy: its lists or tables are nested too deeply.",
        ),
        ("a." * 500_000 + "a = 1", "this is not a policy: its lists or tables are nested too deeply."),
        (
            f"name = {'9' * 5000}",
            "this is not a policy: a number in it has thousands of digits.",
        ),
        (
            'name = "x"\nmode filter',
            'line 2, column 6: this is not TOML: expected "=" after a key in a key/value pair.',
        ),
        (
            'name = "x',
            "line 1, column 10: this is not TOML: unterminated string.",
        ),
        (
            'name = "x"\nname = "y"',
            "line 2, column 11: this is not TOML: cannot overwrite a value.",
        ),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(PolicyError) as error:
        decode(text)
    assert str(error.value) == message
    assert message == (f"{error.value.key}: {error.value.sentence}" if error.value.key else error.value.sentence)


_KEYS = st.sampled_from(
    ("identity", "capabilities", "seccomp", "rules", "args", "keep", "user", "mode", "flags", "syscalls", "value", "x y")
)
_VALUES = st.recursive(
    st.text(max_size=5) | st.integers() | st.booleans() | st.floats() | st.dates() | st.sampled_from(("filter", "==", "log")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_any_toml_is_a_policy_or_is_told_why_not(raw: dict[str, Any]) -> None:
    refusal = None
    try:
        decode(tomli_w.dumps(raw))
    except PolicyError as error:
        refusal = error
    assert refusal is None or (refusal.key and refusal.sentence.endswith("."))


@given(st.text())
def test_any_text_is_a_policy_or_is_told_why_not(text: str) -> None:
    with contextlib.suppress(PolicyError):
        decode(text)
