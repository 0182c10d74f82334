"""`gatescope lint`: what is wrong with a policy, why, and how to mend it."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from core.complaint import FAILURE_STATUS
from core.lint.finding import Finding, Severity
from core.lint.lint import lint
from core.run_command import load_policy

_STYLES: Final[dict[Severity, str]] = {"error": "red", "warning": "yellow", "info": "cyan"}
_SIGNS: Final[dict[Severity, str]] = {"error": "✕", "warning": "▲", "info": "●"}


def run(options: argparse.Namespace) -> int:
    """Returns the exit status: 1 where there is an error among the findings. Raises `Complaint`."""
    findings = lint(load_policy(options.policy))
    if options.json:
        print(json.dumps([finding.to_json() for finding in findings]))
    else:
        _print(findings)
    return FAILURE_STATUS if any(finding.severity == "error" for finding in findings) else 0


def _print(findings: Sequence[Finding]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        place = "policy" if finding.rule is None else f"rule {finding.rule}"
        head = Text(f"{_SIGNS[finding.severity]} {finding.severity}", style=_STYLES[finding.severity])
        console.print(head.append(f"  {place}", style="default").append(f"  [{finding.code}]", style="dim"))
        console.print(Text(f"  {finding.message}"))
        if finding.fix is not None:
            console.print(Text(f"  → {finding.fix.text}"))
    console.print(Text(_summary(findings)))


def _summary(findings: Sequence[Finding]) -> str:
    if not findings:
        return "Nothing to say about this policy."
    counts = Counter(finding.severity for finding in findings)
    words = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "info": ("remark", "remarks")}
    return " · ".join(f"{counts[severity]} {words[severity][counts[severity] != 1]}" for severity in _STYLES if counts[severity])
