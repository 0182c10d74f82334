"""The modes without a filter."""

from __future__ import annotations

from typing import Any

import pytest

from core.policy.model import Mode, Policy, Seccomp
from tests.core.lint.policies import found, mended, policy, rule, stacked, the


def test_strict_mode_kills_at_the_end() -> None:
    finding = the(Policy(seccomp=Seccomp(mode="strict")), "strict-exit")
    assert (finding.severity, finding.fix) == ("info", None)
    assert "exit_group" in finding.message
    assert found(policy(), "strict-exit") == found(Policy(), "strict-exit") == []


@pytest.mark.parametrize("mode", ["off", "strict"])
@pytest.mark.parametrize("more", [{"rules": (rule("kill"),)}, {"stacked": (stacked(rule("kill")),)}])
def test_rules_that_nobody_applies(mode: Mode, more: dict[str, Any]) -> None:
    asked = Policy(seccomp=Seccomp(mode=mode, **more))
    assert the(asked, "rules-unused").message == f'The mode is "{mode}", so the rules are not applied.'
    assert mended(asked, "rules-unused").seccomp.mode == "filter"


def test_rules_that_are_disabled_wait_for_nothing() -> None:
    assert found(Policy(seccomp=Seccomp(rules=(rule("kill", enabled=False),))), "rules-unused") == []
