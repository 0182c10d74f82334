"""What is wrong with a filter that was to be built."""

from __future__ import annotations


class FilterError(ValueError):
    """A filter that cannot be built as the rules mean it; the sentence says why and what to do."""
