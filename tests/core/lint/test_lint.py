"""Lint as a whole: order, what it refuses, and what it says of the presets."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.lint.lint import lint
from core.policy.check import check
from core.policy.error import PolicyError
from core.policy.file import decode
from core.policy.model import Policy
from core.resources import resource_path
from tests.core.lint.policies import arg, is_still_there, policy, rule, stacked, the

PRESETS = sorted(resource_path("presets/policies").glob("*.toml"))


def test_the_gravest_come_first_and_then_the_rules_order() -> None:
    findings = lint(policy(rule("kill", "log"), rule("open"), rule("access", "errno:EPERM", arg(0, "==", 5))))
    order = ["error", "warning", "info"]
    assert [finding.severity for finding in findings] == sorted((finding.severity for finding in findings), key=order.index)
    for severity in order:
        numbers = [finding.rule or 0 for finding in findings if finding.severity == severity]
        assert numbers == sorted(numbers)


def test_a_policy_that_means_nothing_is_refused_first() -> None:
    with pytest.raises(PolicyError, match="sokcet"):
        lint(policy(rule("sokcet")))


def test_rules_of_which_no_filter_can_be_built() -> None:
    many = [rule("ioctl", "errno:1", arg(1, ">", number), arg(1, "<", number)) for number in range(1200)]
    assert the(policy(*many), "filter-impossible").severity == "error"
    assert "4096" in the(policy(*many), "filter-impossible").message


def test_a_filter_that_cannot_be_loaded_on_top_of_the_others() -> None:
    message = the(policy(rule("seccomp"), stacked=(stacked(),)), "filter-impossible").message
    assert "seccomp.stacked[0] cannot be loaded" in message


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_preset_has_no_errors(path: Path) -> None:
    """What comes with the program does what it says; it may still have ways round that are worth knowing."""
    assert [finding.message for finding in lint(decode(path.read_text(encoding="utf-8"))) if finding.severity == "error"] == []


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_the_fixes_of_a_preset_work(path: Path) -> None:
    asked = decode(path.read_text(encoding="utf-8"))
    findings = lint(asked)
    for finding in findings:
        if finding.fix is not None:
            check(finding.fix.policy)
            assert not is_still_there(finding, findings, finding.fix.policy)


def test_nothing_is_said_of_a_policy_that_asks_for_nothing() -> None:
    assert lint(Policy()) == ()
