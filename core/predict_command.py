"""`gatescope predict`: the capability sets before and after a target's execve, with the kernel's reasons, without running it."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from core.complaint import Complaint
from core.far_side import caller_of
from core.observer.abilities import hello
from core.observer.wire import Engine
from core.plan import UsageProblem, make_plan
from core.policy.error import PolicyError
from core.policy.identity import Caller
from core.policy.model import Policy
from core.predict.credentials import SETS, Sets, set_text
from core.predict.forecast import Forecast, forecast, root_observer
from core.predict.program import Program, read_program
from core.run_command import load_policy


def run(options: argparse.Namespace) -> int:
    """Returns the exit status. Raises `Complaint`."""
    policy = load_policy(options.policy) if options.policy else Policy()
    try:
        launch = forecast_launch(policy, options.target, user=options.user, said=hello(), file=str(options.policy or ""))
    except UsageProblem as err:
        raise Complaint(str(err)) from err
    if options.json:
        print(json.dumps(launch.to_json()))
    else:
        _print(launch)
    return 0


def forecast_launch(
    policy: Policy, argv: Sequence[str], *, user: Literal["me", "root"] | None, said: Mapping[str, Any], file: str = ""
) -> Forecast:
    """What the launch of `argv` by the observer that `said` HELLO would come to; `file`: the policy's. Raises `UsageProblem`.

    Where the target is to be somebody whom only root can make it, and this observer is not root, it is forecast for one that is.
    """
    plan = make_plan(policy, argv, user=user, file=file)
    caller, notes = caller_of(said), []
    if plan.needs_root and not caller.may_set_ids:
        caller = root_observer(caller)
        notes.append(
            "assumed: the observer runs as root and holds this machine's whole bounding set, since the target's identity needs that"
        )
    engine: Engine = "ebpf" if said["engines"].get("ebpf") is None else "ptrace"
    program = _read(plan.target.executable)
    try:
        return forecast(plan.policy, plan.target, program, caller, engine=engine, filters=plan.filters, notes=notes)
    except PolicyError as err:
        raise UsageProblem(plan.source.locate(err)) from err


def _read(path: str) -> Program:
    try:
        return read_program(path)
    except OSError as err:
        raise UsageProblem(f"{path}: its owner and mode cannot be read: {os.strerror(err.errno or 0)}") from err


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _print(launch: Forecast) -> None:
    console = Console(highlight=False, markup=False)
    before, after = launch.prediction.before, launch.prediction.after
    table = Table(box=None, pad_edge=False)
    for title in ("", "before execve", "after"):
        table.add_column(title)
    for name in SETS:
        table.add_row(name, *(_cell(sets, name, launch.caller) for sets in (before.sets, after.sets if after else None)))
    console.print(table)
    for sentence in (*launch.notes, *launch.prediction.rules):
        console.print(f"· {sentence}", soft_wrap=True)
    if launch.regain is not None:
        console.print(f"Can it be regained? {launch.regain.sentence}", soft_wrap=True)


def _cell(sets: Sets | None, name: str, caller: Caller) -> str:
    return "refused: EPERM" if sets is None else set_text(getattr(sets, name), (2 << caller.last_capability) - 1)
