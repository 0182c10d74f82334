"""`gatescope emulate`: what a policy's filter makes of one call, without running anything."""

from __future__ import annotations

import argparse
import json

from rich.console import Console

from core.bpf.answer import answer_call
from core.bpf.build import FilterError
from core.bpf.call import parse_call
from core.bpf.disassemble import disassemble
from core.bpf.program import counted
from core.complaint import Complaint
from core.listing import listing
from core.plan import build_filters
from core.policy.action import Action
from core.run_command import load_policy


def run(options: argparse.Namespace) -> int:
    """Returns the exit status. Raises `Complaint`."""
    policy = load_policy(options.policy)
    try:
        call = parse_call(options.call)
        filters = build_filters(policy)
    except FilterError as err:
        raise Complaint(f"{options.policy}: {err}") from err
    except ValueError as err:
        raise Complaint(str(err)) from err
    answer = answer_call(policy.seccomp, filters, call)
    if options.json:
        print(json.dumps(answer.to_json()))
        return 0
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(f"{options.call.strip()}: {answer.action_words}, {answer.reason}.")
    for number, (program, emulation) in enumerate(zip(filters, answer.emulations, strict=True), start=1):
        if len(filters) > 1:
            word, steps = Action.from_value(emulation.value).word, counted(len(emulation.path))
            console.print(f"\nFilter {number} of {len(filters)} answers {word}, after {steps}:")
        lines = disassemble(program)
        console.print(listing(lines[index] for index in emulation.path))
    return 0
