"""Whatever the policy: a fix keeps it valid, and makes its finding go away."""

from __future__ import annotations

import typing

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from core.lint.lint import lint
from core.policy.check import check
from core.policy.error import PolicyError
from core.policy.file import decode, encode
from core.policy.model import ArgumentTest, Capabilities, Filter, Identity, JudgeFrom, Policy, Rule, Seccomp
from tests.core.lint.policies import is_still_there

CALLS = (
    "open", "openat", "openat2", "creat", "kill", "tkill", "tgkill", "fcntl", "clone", "clone3", "unshare", "fork", "io_uring_setup", "ptrace",
    "process_vm_writev", "pidfd_getfd", "exit_group", "mmap", "execve", "execveat", "socket", "read", "write", "chmod", "fchmodat", "fchmodat2",
    "faccessat2", "faccessat", "setuid", "rt_sigreturn", "socketcall", "seccomp", "ioctl", 41, 62, 347, "@clock", "@raw-io",
)  # fmt: skip
ACTIONS = (
    "allow",
    "log",
    "errno:EPERM",
    "errno:EACCES",
    "errno:ENOSYS",
    "errno:0",
    "errno:4095",
    "kill-process",
    "kill-thread",
    "trap",
    "trace:1",
)
VALUES = (0, 1, 2, 4, 8, -1, -100, 0x80000, 1 << 31, 1 << 32, "AF_INET", "O_WRONLY", "CLONE_NEWUSER", "F_SETOWN", "SIGKILL")

TESTS = st.builds(
    ArgumentTest, index=st.integers(0, 5), op=st.sampled_from(("==", "!=", "<", "<=", ">", ">=")), value=st.sampled_from(VALUES)
)
MASKED = st.builds(
    lambda index, value, mask: ArgumentTest(index=index, op="&==", value=value & mask, mask=mask),
    st.integers(0, 5),
    st.integers(0, 0xFFFFFFFF),
    st.sampled_from((0x3, 0xF, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF, 0x10000000)),
)
RULES = st.builds(
    Rule,
    syscalls=st.lists(st.sampled_from(CALLS), min_size=1, max_size=4, unique=True).map(tuple),
    action=st.sampled_from(ACTIONS),
    args=st.lists(TESTS | MASKED, max_size=2).map(tuple),
    enabled=st.sampled_from((True, True, True, False)),
)
LOADING = Rule(syscalls=("seccomp",), action="allow", note="or a filter that refuses it could not be stacked on")


def _loadable(seccomp: Seccomp) -> Seccomp:
    return msgspec.structs.replace(seccomp, rules=(LOADING, *seccomp.rules)) if seccomp.stacked else seccomp


FILTER: dict[str, st.SearchStrategy[typing.Any]] = {
    "default": st.sampled_from(("allow", "allow", "log", "errno:EPERM", "kill-process", "errno:0", "trace:1")),
    "architectures": st.sampled_from((("native",), ("native", "x86"), ("native", "x32", "x86"), ("x86",))),
    "bad_arch": st.sampled_from(("kill-process", "allow", "log", "errno:ENOSYS")),
}
SECCOMP = st.builds(
    Seccomp,
    mode=st.sampled_from(("filter", "filter", "filter", "filter", "off", "strict")),
    judge_from=st.sampled_from(typing.get_args(JudgeFrom)),
    rules=st.lists(RULES, max_size=5).map(tuple),
    stacked=st.lists(st.builds(Filter, rules=st.lists(RULES, max_size=3).map(tuple), **FILTER), max_size=1).map(tuple),
    **FILTER,
).map(_loadable)
CAPABILITIES = st.sampled_from(
    (None, None, Capabilities(keep=()), Capabilities(drop=("NET_RAW", "SYS_ADMIN")), Capabilities(keep=("SYS_ADMIN",)))
)
POLICIES = st.builds(Policy, identity=st.builds(Identity, no_new_privs=st.booleans()), capabilities=CAPABILITIES, seccomp=SECCOMP)


@given(POLICIES)
def test_a_fix_keeps_the_policy_valid_and_its_finding_goes_away(policy: Policy) -> None:
    try:
        findings = lint(policy)
    except PolicyError:
        return  # such as strict mode from execve
    for finding in findings:
        if finding.fix is not None:
            fixed = finding.fix.policy
            check(fixed)
            assert decode(encode(fixed)) == fixed
            assert fixed != policy
            assert not is_still_there(finding, findings, fixed)
