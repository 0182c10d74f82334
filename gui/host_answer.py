"""What this machine and this user can do, as JSON on stdout, in the window's words: what `gui.host_probe` starts."""

from __future__ import annotations

import json
import sys

from core.host import probe
from gui.ways import WINDOW

if __name__ == "__main__":
    sys.stdout.write(json.dumps(probe(WINDOW).to_json()))
