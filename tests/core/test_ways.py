"""What to do about privilege that lacks, in the words of whoever tells it."""

from __future__ import annotations

import pytest

from core.ways import COMMAND_LINE, capitalised, why_not


@pytest.mark.parametrize(
    ("obstacle", "told"),
    [
        (None, None),
        ({"reason": "eBPF needs CAP_BPF", "root_helps": True}, "eBPF needs CAP_BPF: run the observer as root (--observer sudo)"),
        ({"reason": "this kernel has no BTF", "root_helps": False}, "this kernel has no BTF"),
    ],
)
def test_root_is_advised_only_where_it_helps(obstacle: dict[str, object] | None, told: str | None) -> None:
    assert why_not(obstacle, COMMAND_LINE) == told


def test_at_the_start_of_a_sentence() -> None:
    assert capitalised(COMMAND_LINE.more) == "Run the observer as root (--observer sudo), or set identity.user_namespace = true"
