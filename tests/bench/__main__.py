"""`python -m tests.bench [NAME…]`: measures what the project claims, and prints it as tables. Never part of the tests: machines differ."""

from __future__ import annotations

import importlib
import sys

NAMES = ("engines", "judging", "lag", "window")


def main(wanted: list[str]) -> int:
    """Runs the named benchmarks, or all of them."""
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"there is no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in wanted or NAMES:
        importlib.import_module(f"tests.bench.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
