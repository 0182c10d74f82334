"""`python -m gui` opens the window."""

from __future__ import annotations

import sys

from gui.app import run_window

if __name__ == "__main__":
    sys.exit(run_window())
