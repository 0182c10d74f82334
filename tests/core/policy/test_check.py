"""Every value that a file can hold but a policy may not, with the exact sentence."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given

from core.policy.check import check
from core.policy.error import PolicyError
from core.policy.file import decode
from core.policy.model import Policy
from tests.core.policy.strategies import POLICIES

ACTIONS = "Allowed: allow, log, errno:EPERM (a name or a number), trap, kill-thread, kill-process, trace:1 (a number), ask."


def _rule(text: str) -> str:
    return f'[[seccomp.rules]]\naction = "trap"\n{text}'


def _test(text: str) -> str:
    return _rule(f'syscalls = ["socket"]\nargs = [{{ index = 0, op = "==", value = 1 }}, {{ {text} }}]')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[identity]\nuser = ""', 'identity.user: "" is not allowed: it must be a name, or a number from 0 to 4294967294.'),
        ("[identity]\nuser = -1", "identity.user: -1 is not allowed: it must be a name, or a number from 0 to 4294967294."),
        (
            "[identity]\ngroups = [0, 4294967295]",
            "identity.groups[1]: 4294967295 is not allowed: it must be a name, or a number from 0 to 4294967294.",
        ),
        (
            '[capabilities]\nkeep = ["CHOWN"]\ndrop = []',
            'capabilities.drop: cannot stand beside "keep": choose keep, or drop, or the sets one by one.',
        ),
        (
            '[capabilities]\ndrop = []\nsecurebits = ["noroot"]',
            'capabilities.securebits: cannot stand beside "drop": choose keep, or drop, or the sets one by one.',
        ),
        (
            '[capabilities]\nsecurebits = ["noroot", "no-root"]',
            (
                'capabilities.securebits[1]: "no-root" is not a securebit; did you mean "noroot"? Allowed: noroot, noroot-locked, '
                "no-setuid-fixup, no-setuid-fixup-locked, keep-caps, keep-caps-locked, no-cap-ambient-raise, no-cap-ambient-raise-locked."
            ),
        ),
        (
            '[capabilities]\nkeep = ["CHOWN", "NET_RWA"]',
            'capabilities.keep[1]: "NET_RWA" is not a capability; did you mean "NET_RAW"? Allowed: the names of capabilities(7), such as NET_RAW, and ALL.',
        ),
        (
            '[capabilities]\ndrop = ["all"]',
            'capabilities.drop[0]: "all" is not a capability; did you mean "ALL"? Allowed: the names of capabilities(7), such as NET_RAW, and ALL.',
        ),
        (
            '[capabilities]\npermitted = ["CHOWN"]\neffective = ["NET_RAW"]',
            "capabilities.effective: NET_RAW cannot be effective: the kernel wants effective ⊆ permitted. Add it to capabilities.permitted too.",
        ),
        ('[seccomp]\ndefault = "alow"', f'seccomp.default: "alow" is not an action; did you mean "allow"? {ACTIONS}'),
        (
            '[seccomp]\nbad_arch = "ask"',
            'seccomp.bad_arch: "ask" is not supported yet: there is no prompt to answer it. Choose another action, such as errno:EPERM.',
        ),
        (
            '[seccomp]\narchitectures = ["x86-64"]',
            'seccomp.architectures[0]: "x86-64" is not an architecture; did you mean "x86_64"? Allowed: native, x86_64, x86, x32, aarch64.',
        ),
        (
            "[seccomp]\narchitectures = []",
            "seccomp.architectures: is empty: the filter would judge no call. Allowed: native, x86_64, x86, x32, aarch64.",
        ),
        (
            '[seccomp]\nflags = ["wait-killable"]',
            'seccomp.flags[0]: "wait-killable" is not supported yet: the kernel takes it only with the action ask.',
        ),
        ("[identity]\nuid_map = [[0, 1000, 1]]", "identity.uid_map: goes only with user_namespace = true: set that, or take the map out."),
        (
            "[identity]\nuser_namespace = true\ngid_map = []",
            "identity.gid_map: is empty, so that no gid would exist in the namespace: give [inside, outside, count], or leave it out.",
        ),
        ('[[seccomp.stacked]]\ndefault = "alow"', f'seccomp.stacked[0].default: "alow" is not an action; did you mean "allow"? {ACTIONS}'),
        (
            "[[seccomp.stacked]]\n[[seccomp.stacked]]\narchitectures = []",
            "seccomp.stacked[1].architectures: is empty: the filter would judge no call. Allowed: native, x86_64, x86, x32, aarch64.",
        ),
        (
            '[[seccomp.stacked]]\nflags = ["wait-killable"]',
            'seccomp.stacked[0].flags[0]: "wait-killable" is not supported yet: the kernel takes it only with the action ask.',
        ),
        (
            '[[seccomp.stacked]]\n[[seccomp.stacked.rules]]\nsyscalls = ["read"]\naction = "log"\n[[seccomp.stacked.rules]]\nsyscalls = []\naction = "log"',
            "seccomp.stacked[0].rules[1].syscalls: is empty: name at least one system call, a number or a group.",
        ),
        (
            '[seccomp]\nmode = "strict"\njudge_from = "execve"',
            (
                'seccomp.judge_from: "execve" is not possible in strict mode, which would kill the process at its own execve. '
                "Allowed: first-instruction, entry, main."
            ),
        ),
        (_rule("syscalls = []"), "seccomp.rules[0].syscalls: is empty: name at least one system call, a number or a group."),
        (
            _rule('syscalls = ["read", "sokcet"]'),
            (
                'seccomp.rules[0].syscalls[1]: "sokcet" is not a system call; did you mean "socket"? '
                "Allowed: a name, a number, or a group such as @network-io."
            ),
        ),
        (
            _test('index = 1, op = "==", value = -9223372036854775809'),
            (
                "seccomp.rules[0].args[1].value: -9223372036854775809 is not allowed: an argument has 64 bits, so it must be from "
                "-9223372036854775808 to 18446744073709551615."
            ),
        ),
        (_rule("syscalls = [-1]"), "seccomp.rules[0].syscalls[0]: -1 is not a system call's number: it must be from 0 to 2147483647."),
        (
            '[[seccomp.rules]]\nsyscalls = ["read"]\naction = "errno:EPREM"',
            (
                'seccomp.rules[0].action: "errno:EPREM" names no errno; did you mean "EPERM"? '
                "Allowed: a name such as EPERM, or a number from 0 (the call returns 0 without running) to 4095."
            ),
        ),
        (
            _test('index = 6, op = "==", value = 1'),
            "seccomp.rules[0].args[1].index: 6 is not allowed: a system call has the arguments 0 to 5.",
        ),
        (
            _test('index = 1, op = "<", value = 1, mask = 3'),
            'seccomp.rules[0].args[1].mask: goes only with the operator "&==", not with "<".',
        ),
        (
            _test('index = 1, op = "==", value = "SOCK_RWA"'),
            "seccomp.rules[0].args[1].value: 'SOCK_RWA' is not a symbolic value; did you mean SOCK_RAW or SOCK_DGRAM or SOCK_RDM?",
        ),
        (
            _test('index = 1, op = "&==", mask = "?", value = 0'),
            "seccomp.rules[0].args[1].mask: '?' is not a symbolic value; write a number, or a constant's C name such as AF_INET.",
        ),
        (
            _test('index = 1, op = "&==", value = 1'),
            'seccomp.rules[0].args[1].mask: is missing: "&==" compares (argument & mask) with the value.',
        ),
        (
            _test('index = 1, op = "&==", value = 4, mask = 3'),
            "seccomp.rules[0].args[1].value: 4 has bits outside the mask 3: the test could never hold.",
        ),
        (
            _test('index = 1, op = "==", value = 18446744073709551616'),
            (
                "seccomp.rules[0].args[1].value: 18446744073709551616 is not allowed: an argument has 64 bits, so it must be from -9223372036854775808 to "
                "18446744073709551615."
            ),
        ),
    ],
)
def test_a_value_that_means_nothing_says_where_and_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(PolicyError) as error:
        check(decode(text))
    assert str(error.value) == message


def test_a_negative_number_fits_any_mask() -> None:
    check(decode(_test('index = 1, op = "&==", mask = 0xffffffff, value = -100')))


def test_one_argument_may_be_tested_more_than_once() -> None:
    check(decode(_test('index = 0, op = "<", value = 9')))


def test_an_unknown_group_lists_the_known_ones() -> None:
    with pytest.raises(
        PolicyError, match=r'^seccomp\.rules\[0\]\.syscalls\[0\]: "@netwrk-io" is not a group of system calls; did you mean "@network-io"'
    ):
        check(decode(_rule('syscalls = ["@netwrk-io"]')))


@given(POLICIES)
def test_whatever_a_file_holds_is_checked_or_told_why_not(policy: Policy) -> None:
    with contextlib.suppress(PolicyError):
        check(policy)
