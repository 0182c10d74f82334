"""What loading a filter takes; the kernel refuses it to whoever has neither."""

from __future__ import annotations

from typing import Any

import pytest

from core.policy.model import Capabilities, Identity, JudgeFrom, Policy, Seccomp
from tests.core.lint.policies import found, mended, the


def _policy(capabilities: Capabilities | None = None, *, no_new_privs: bool = False, **seccomp: Any) -> Policy:
    return Policy(identity=Identity(no_new_privs=no_new_privs), capabilities=capabilities, seccomp=Seccomp(**{"mode": "filter", **seccomp}))


@pytest.mark.parametrize(
    ("capabilities", "judge_from", "severity"),
    [
        (None, "entry", "warning"),
        (Capabilities(keep=("SYS_ADMIN",)), "entry", "warning"),
        (Capabilities(keep=("ALL",)), "entry", "warning"),
        (Capabilities(keep=()), "entry", "error"),
        (Capabilities(drop=("CAP_SYS_ADMIN",)), "main", "error"),
        (Capabilities(drop=("SYS_ADMIN",)), "execve", "warning"),
        (Capabilities(permitted=("CHOWN",)), "entry", "error"),
    ],
)
def test_a_filter_without_no_new_privs(capabilities: Capabilities | None, judge_from: JudgeFrom, severity: str) -> None:
    asked = _policy(capabilities, judge_from=judge_from)
    finding = the(asked, "filter-needs-privilege")
    assert (finding.severity, finding.rule) == (severity, None)
    assert "only under no_new_privs or with SYS_ADMIN" in finding.message
    assert mended(asked, "filter-needs-privilege").identity.no_new_privs


@pytest.mark.parametrize("asked", [_policy(no_new_privs=True), _policy(mode="off"), _policy(mode="strict"), Policy()])
def test_with_no_new_privs_or_without_a_filter_nothing_is_said(asked: Policy) -> None:
    assert found(asked, "filter-needs-privilege") == []
