"""What lint says of a policy: the finding, its reason, and the policy after the fix."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from core.policy.model import Policy

Severity = Literal["error", "warning", "info"]
"""error: the policy does not do what it says, or the target cannot run; warning: what it says can be got around; info: worth knowing."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fix:
    """A change that makes the finding go away."""

    text: str
    """What it does, as an order: "Add openat to rule 1"."""
    policy: Policy
    """The whole policy after it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a policy."""

    code: str
    """Its kind, for filters and tests: "sibling-open"."""
    severity: Severity
    rule: int | None
    """The rule that is meant, from 1, disabled ones counted; None: the policy as a whole."""
    message: str
    """What is so, and why that matters, in sentences."""
    fix: Fix | None = None

    def to_json(self) -> dict[str, Any]:
        """The object that `gatescope lint --json` prints; `fix` is its text, or null."""
        return {
            "code": self.code,
            "severity": self.severity,
            "rule": self.rule,
            "message": self.message,
            "fix": None if self.fix is None else self.fix.text,
        }
