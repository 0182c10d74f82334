"""A launch spec and commands read with suspicion: whoever reads them may be root."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.observer import wire
from core.observer.wire import CapabilitySets, CapturePlan, Landlock, LaunchSpec, SpecError, decode_command, encode_command
from tests.core.observer.driver import errno_filter, launch_spec

SPEC = launch_spec(
    "/bin/true",
    groups=(1, 2),
    uid_map=((0, 1000, 1),),
    capabilities=CapabilitySets(1, 2, 3, 4, 5),
    landlock=Landlock(handled_fs=4, handled_net=1, paths=(("/usr", 4),), ports=((80, 1),)),
    filters=(errno_filter(39, 1),),
    captures=(CapturePlan(wire.AUDIT_ARCH_X86_64, 2, ((0, 1, 256, wire.NO_LENGTH, True),)),),
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


def as_json(**changes: Any) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(json.dumps(SPEC.to_json()))
    return {**value, **changes}


def test_a_spec_travels() -> None:
    assert LaunchSpec.from_json(as_json()) == SPEC
    assert decode_command(encode_command(wire.Launch(SPEC))) == wire.Launch(SPEC)


def test_every_field_is_needed_and_named() -> None:
    for field in as_json():
        value = as_json()
        del value[field]
        with pytest.raises(SpecError, match=f"^{field}: is missing$"):
            LaunchSpec.from_json(value)


@given(st.dictionaries(st.sampled_from(list(as_json())), anything, min_size=1, max_size=2))
def test_whatever_the_fields_hold_is_taken_whole_or_refused(changes: dict[str, Any]) -> None:
    value = as_json(**changes)
    with contextlib.suppress(SpecError):
        assert json.loads(json.dumps(LaunchSpec.from_json(value).to_json())) == value


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"executable": "bin/true"}, "executable: must be an absolute path"),
        ({"executable": "/bin/\0true"}, "executable: must be text without NUL of at most 131072 characters"),
        ({"directory": "/" * 131073}, "directory: must be text without NUL"),
        ({"argv": []}, "argv: must have at least 1 entry"),
        ({"argv": ["x"] * 65537}, "argv: must be a list of at most 65536 entries"),
        ({"environment": [["A=B", "c"]]}, "environment: 'A=B' cannot be a variable's name"),
        ({"environment": [["", "c"]]}, "environment: '' cannot be a variable's name"),
        ({"engine": "gdb"}, "engine: must be one of ebpf, ptrace"),
        ({"uid": 2**32 - 1}, "uid: must be a whole number from 0 to 4294967294"),
        ({"uid": True}, "uid: must be a whole number"),
        ({"groups": [0] * 65537}, "groups: must be a list of at most 65536 entries"),
        ({"uid_map": [[0, 0]]}, "uid_map: must be a list of [inside, outside, count]"),
        ({"no_new_privs": 1}, "no_new_privs: must be true or false"),
        ({"capabilities": []}, "capabilities: must be an object"),
        ({"securebits": 256}, "securebits: must be a whole number from 0 to 255"),
        ({"filters": [{"program": "AAAA", "flags": 0}]}, "filters: a program has 1 to 4096 instructions of 8 bytes, not 3 bytes"),
        ({"filters": [{"program": "?", "flags": 0}]}, "filters: program is not base64"),
        ({"filters": [{"program": "", "flags": 0, "more": 1}]}, "more: no such field"),
        ({"strict": True}, "strict: excludes filters"),
        ({"stdio": ["pty", "pty"]}, 'stdio: must be three of "pty" and "pipe"'),
        ({"landlock": {"handled_fs": 0, "handled_net": 0, "paths": [], "ports": []}}, "landlock: handles nothing"),
        ({"landlock": {"handled_fs": 4, "handled_net": 0, "paths": [["usr", 4]], "ports": []}}, "landlock: paths must be absolute"),
        ({"landlock": {"handled_fs": 4, "handled_net": 0, "paths": [["/", 8]], "ports": []}}, "must be some of the handled ones"),
        ({"captures": [[0, 0, [[6, 1, 1, 255, True]]]]}, "captures: must be a whole number from 0 to 5"),
        ({"captures": [[0, 0, [[0, 1, 4097, 255, True]]]]}, "captures: must be a whole number from 0 to 4096"),
        ({"shell": "sh"}, "shell: no such field"),
    ],
)
def test_what_may_not_be_is_named(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        LaunchSpec.from_json(as_json(**changes))
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"[1, 2]", "command: must be an object"),
        (b'{"command": "launch", "spec": 5}', "spec: must be an object"),
        (b'{"command": "input", "data": "!"}', "data: is not base64"),
        (b'{"command": "input", "data": null}', "data: is not base64"),
        (b'{"command": "resize", "rows": -1, "columns": 80}', "rows: must be a whole number from 0 to 65535"),
        (b'{"command": "close-output", "stream": 3}', "stream: must be a whole number from 0 to 2"),
        (b'{"command": "lookup", "users": [-1], "groups": [], "program": ""}', "users: must be a whole number"),
    ],
)
def test_a_command_that_is_none_is_named(line: bytes, sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        decode_command(line)
    assert sentence in str(caught.value)
