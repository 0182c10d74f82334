"""A finding as the command prints it."""

from __future__ import annotations

from tests.core.lint.policies import policy, rule, the


def test_a_finding_as_json() -> None:
    finding = the(policy(rule("setuid", "errno:0")), "errno-zero")
    assert finding.to_json() == {
        "code": "errno-zero",
        "severity": "warning",
        "rule": 1,
        "message": finding.message,
        "fix": "Answer with errno:EPERM.",
    }
    assert the(policy(rule("kill", "log")), "log-unread").to_json()["fix"] is None
