"""Which capabilities guard the calls of a rule, as far as its tests let them."""

from __future__ import annotations

import pytest

from core.knowledge.capabilities import capability_name
from core.lint.guards import guards
from core.observer.wire import AUDIT_ARCH_X86_64
from core.policy.model import Rule
from core.policy.rules import resolve_rules
from tests.core.lint.policies import arg, policy, rule


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (rule("chroot"), ["SYS_CHROOT"]),
        (rule("getpid read"), []),
        (rule("socket", "errno:EPERM", arg(1, "&==", "SOCK_RAW", mask=0xF)), ["NET_RAW"]),
        (rule("socket", "errno:EPERM", arg(0, "==", "AF_INET"), arg(1, "==", "SOCK_STREAM")), []),
        (rule("socket", "errno:EPERM", arg(0, "==", "AF_INET"), arg(1, "!=", "SOCK_STREAM")), ["NET_RAW"]),
        (rule("init_module chroot"), ["SYS_MODULE", "SYS_CHROOT"]),
    ],
)
def test_tests_narrow_what_is_guarded(asked: Rule, names: list[str]) -> None:
    (resolved,) = resolve_rules(policy(asked).seccomp, AUDIT_ARCH_X86_64)
    found = guards(resolved, AUDIT_ARCH_X86_64)
    assert list(found) == sorted(found)
    assert {capability_name(number) for number in found} == set(names)
