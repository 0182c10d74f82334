"""`python -m gui` opens the window."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Opens the window and stays until it is closed; the exit status."""
    gc.disable()  # importing makes no garbage, only thousands of objects to look through; once the window is there, CycleCollector collects
    from gui.app import run_window

    return run_window()


if __name__ == "__main__":
    sys.exit(main())
