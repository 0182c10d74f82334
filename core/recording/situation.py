"""A recorded call with all that decided over it: the policy, the filters, and what the process held."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.bpf.machine import SeccompData
from core.event import CallEvent
from core.judge.change import Holding, Situation
from core.policy.error import PolicyError
from core.policy.file import decode
from core.policy.model import Policy
from core.recording.own_filters import OwnFilter

if TYPE_CHECKING:
    from core.recording.recording import Recording


def situation_of(recording: Recording, index: int) -> Situation:
    """The situation of call number `index`, from 0. Raises IndexError, TypeError for what is no call, `PolicyError` for a policy that this version cannot read."""
    event = recording.event(index)
    if not isinstance(event, CallEvent):
        raise TypeError(f"event {index + 1} is no call")
    header = recording.header
    own = tuple((one.number, one.installed.program) for one in own_filters_over(recording, index) if one.installed.program)
    return Situation(event, seccomp_data(recording, index), run_policy(header.policy), header.filters, holding(recording, index), own)


def seccomp_data(recording: Recording, index: int) -> SeccompData:
    """What a filter saw of call number `index`, from 0."""
    row = recording.rows.row(index)
    return SeccompData(int(row["nr"]), int(row["arch"]), int(row["instruction_pointer"]), tuple(row["args"].tolist()))


@functools.lru_cache(maxsize=8)
def run_policy(text: str) -> Policy:
    """The policy in a recording's header. Raises `PolicyError`."""
    return decode(text)


def holding(recording: Recording, index: int) -> Holding | None:
    """What the process of event number `index` held at that moment; None where no exec was seen, or where it changed its credentials since."""
    found = recording.holdings.exec_of(recording, index, int(recording.rows.row(index)["pid"]))
    if found is None:
        return None
    _, data = recording.details.process[found]
    return Holding(frozenset(data["capabilities"]["effective"]), int(data["uids"][1]), int(data.get("user_namespace", 0)))


def own_filters_over(recording: Recording, index: int) -> list[OwnFilter]:
    """The filters that the target installed itself and that stood over the thread of event number `index`, oldest first."""
    if not recording.own_filters:
        return []
    row = recording.rows.row(index)
    line = list(_ancestry(recording, index, int(row["pid"]), int(row["tid"])))
    return [one for one in recording.own_filters if any(_stands(one, *step) for step in line)]


def filters_over(recording: Recording, index: int) -> int:
    """How many seccomp filters stood over the thread of event number `index`, strict mode counted as one."""
    header = recording.header
    try:
        strict = run_policy(header.policy).seccomp.mode == "strict"
    except PolicyError:
        strict = False
    return strict + len(header.filters) + len(own_filters_over(recording, index))


def _ancestry(recording: Recording, index: int, pid: int, tid: int) -> Iterator[tuple[int, int, int]]:
    """(event, pid, tid): the thread up to this event, its maker up to its making, and so on."""
    yield index, pid, tid
    for place, (event, data) in sorted(recording.details.process.items(), reverse=True):
        if place < index and event == "fork" and int(data["child_tid"]) == tid:
            maker = recording.rows.row(place)
            index, pid, tid = place, int(maker["pid"]), int(maker["tid"])
            yield index, pid, tid


def _stands(one: OwnFilter, index: int, pid: int, tid: int) -> bool:
    return one.seq <= index and (one.tid == tid or (one.installed.for_all_threads and one.pid == pid))
