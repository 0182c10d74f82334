"""Skips that CI cannot make in silence: where GATESCOPE_REQUIRE_PRIVILEGED=1, what would be skipped fails."""

import os

import pytest

REQUIRE_PRIVILEGED = "GATESCOPE_REQUIRE_PRIVILEGED"


def require(condition: object, reason: str) -> None:
    """Go on where `condition` holds; otherwise skip the test with `reason`, a sentence, or fail it where privilege is promised."""
    if condition:
        return
    if os.environ.get(REQUIRE_PRIVILEGED) == "1":
        pytest.fail(f"{REQUIRE_PRIVILEGED}=1, but {reason}", pytrace=False)
    pytest.skip(reason)


def require_root(reason: str) -> None:
    """Go on as root only. `reason` is a sentence that says what the test needs root for."""
    require(os.geteuid() == 0, f"not root: {reason}")
