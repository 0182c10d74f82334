"""`python -I -m core.observer`, installed as `gatescope-observer`: serve whoever is at the other end of stdin and stdout."""

from __future__ import annotations

import os
import sys

from core.observer.observer import Observer


def main() -> int:
    """Run the observer on stdin and stdout; its exit status."""
    for entry in os.scandir("/proc/self/fd"):
        # What we were started with is not for the target. The scan's own descriptor is among them, and open for as long as it lasts.
        if (fd := int(entry.name)) > 2:
            os.set_inheritable(fd, False)
    return Observer(0, 1).serve()


if __name__ == "__main__":
    sys.exit(main())
