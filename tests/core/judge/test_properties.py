"""Whatever the records say, the judge answers, and its columns fit."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from core.bpf.emulate import Emulator, SeccompData, emulate
from core.bpf.stack import build_stack, decide
from core.judge.collect import Batch, Collector
from core.judge.context import JudgeContext
from core.judge.judge import Judge, Judged
from core.judge.records import CALL_DTYPE, CHECK_DTYPE, PROCESS_DTYPE, Records
from core.judge.rule_numbers import RuleNumbers
from core.judge.verdict import Verdict
from core.knowledge.syscalls import number
from core.observer import wire
from core.observer.wire import AUDIT_ARCH_I386, AUDIT_ARCH_X86_64, X32_SYSCALL_BIT, Frame, FrameKind
from core.policy.action import Action, parse_action
from core.policy.model import ArgumentTest, Filter, Rule, Seccomp
from core.policy.rules import deciding_rule, resolve_rules
from tests.core.judge.transcript import context, policy, rule, symbols

TIMES = st.integers(0, 2**64 - 1) | st.integers(0, 40)
NUMBERS = st.integers(0, 4)
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "ret": st.integers(-(2**63), 2**63 - 1) | st.sampled_from([0, -1, -2, -13, -38, 41, 110, 2**40]),
    "arch": st.sampled_from([AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, 7]),
    "nr": st.sampled_from([0, 41, 60, 110, 157, 231, 317, 41 | X32_SYSCALL_BIT]),
    "flags": st.integers(0, 15),
    "kind": st.integers(0, 7),
    "granted": st.integers(0, 1),
    "status": st.sampled_from([0, 31, 9]),
    **dict.fromkeys(("id", "call", "pid", "tid", "other", "pid_of_other"), NUMBERS),
    **dict.fromkeys(("entered_ns", "exited_ns", "time_ns"), TIMES),
}


@st.composite
def records(draw: st.DrawFn, dtype: np.dtype[np.void]) -> Records:
    """Up to 6 records of a dtype: any bytes, with what often matters in the fields that matter most."""
    count = draw(st.integers(0, 6))
    found = np.frombuffer(draw(st.binary(min_size=count * dtype.itemsize, max_size=count * dtype.itemsize)), dtype).copy()
    for field in dtype.names or ():
        if field in LIKELY and draw(st.booleans()):
            found[field] = draw(st.lists(LIKELY[field], min_size=count, max_size=count))
    return found


RUNS = [
    context(engine=engine, judge_from=judge_from, **fields)
    for engine in ("ebpf", "ptrace")
    for judge_from in ("execve", "entry")
    for fields in (
        {},
        {"strict": True},
        {"flags": 1, "seccomp": policy(rule("socket", "errno:EPERM"), rule("getppid", "trap"), rule("seccomp", "log"), default="allow")},
        {"seccomp": policy(rule("read exit_group", "allow"), default="kill-process")},
    )
]  # fmt: skip


def check_columns(judged: Judged, batch: Batch) -> None:
    length = len(batch.calls)
    for column in (
        judged.gate,
        judged.outcome,
        judged.evidence,
        judged.rule,
        judged.capability,
        judged.alternatives,
        judged.conflict,
        judged.reason,
    ):
        assert len(column) == length
    assert judged.reasons[0] == ""
    assert len(set(judged.reasons)) == len(judged.reasons)
    assert set(judged.checks) <= set(range(length))
    verdicts = [judged.verdict(index) for index in range(length)]
    assert all(isinstance(verdict, Verdict) for verdict in verdicts)
    assert all(verdict.reason for verdict in verdicts if verdict.gate or verdict.conflict)


@given(
    st.sampled_from(RUNS),
    st.lists(st.tuples(records(CALL_DTYPE), records(CHECK_DTYPE), records(PROCESS_DTYPE), TIMES), min_size=1, max_size=3),
)
def test_anything_is_judged(circumstances: JudgeContext, rounds: list[tuple[Records, Records, Records, int]]) -> None:
    collector, judge, known = Collector(), Judge(circumstances), symbols()
    judged_calls = 0
    batches = []
    for calls, checks, processes, watermark in rounds:
        for kind, given_records in ((FrameKind.CALLS, calls), (FrameKind.CHECKS, checks), (FrameKind.PROCESSES, processes)):
            assert collector.feed(Frame(kind, given_records.tobytes())) is None
        batch = collector.feed(Frame(FrameKind.FLUSH, wire.FLUSH.pack(watermark)))
        assert batch is not None
        batches.append(batch)
    for batch in [*batches, collector.finish()]:
        check_columns(judge.judge(batch, known), batch)
        judged_calls += len(batch.calls)
    assert judged_calls == sum(len(calls) for calls, *_ in rounds)


CALLS = ("read", "socket", "getppid")
ACTIONS = ("errno:EPERM", "errno:EACCES", "trap", "allow")
TESTS = st.builds(
    ArgumentTest, index=st.integers(0, 1), op=st.sampled_from(["==", "!=", "<", ">=", "&=="]), value=st.integers(0, 3), mask=st.none()
)
MASKED = TESTS.map(lambda test: ArgumentTest(index=test.index, op=test.op, value=test.value, mask=1 if test.op == "&==" else None))
RULES = st.builds(
    Rule,
    syscalls=st.lists(st.sampled_from(CALLS), min_size=1, max_size=2).map(tuple),
    action=st.sampled_from(ACTIONS),
    args=st.lists(MASKED, max_size=2).map(tuple),
    enabled=st.booleans(),
)


@given(
    st.lists(RULES, max_size=4),
    st.lists(st.tuples(st.sampled_from(CALLS), st.integers(0, 3), st.integers(0, 3), st.sampled_from(ACTIONS)), min_size=1),
)
def test_rule_numbers_are_the_deciding_rules(rules: list[Rule], made: list[tuple[str, int, int, str]]) -> None:
    seccomp = Seccomp(mode="filter", rules=tuple(rules))
    calls = np.zeros(len(made), CALL_DTYPE)
    calls["arch"] = AUDIT_ARCH_X86_64
    calls["nr"] = [number(AUDIT_ARCH_X86_64, name) for name, *_ in made]
    calls["args"][:, :2] = [(first, second) for _, first, second, _ in made]
    values = [parse_action(action).value for *_, action in made]
    resolved = resolve_rules(seccomp, AUDIT_ARCH_X86_64)
    expected = [
        deciding_rule(resolved, value, int(call["nr"]), call["args"].tolist()) or 0 for call, value in zip(calls, values, strict=True)
    ]
    assert RuleNumbers(seccomp).decide(calls, np.array(values, np.uint32))[0].tolist() == expected


@given(
    st.lists(st.tuples(st.lists(RULES, max_size=3), st.sampled_from(ACTIONS)), min_size=2, max_size=3),
    st.lists(st.tuples(st.sampled_from(CALLS), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=8),
)
def test_in_a_stack_the_numbers_are_those_of_the_filter_that_decides(
    stack: list[tuple[list[Rule], str]], made: list[tuple[str, int, int]]
) -> None:
    loading = Rule(syscalls=("seccomp",), action="allow")
    first, *stacked = [Filter(rules=(loading, *rules), default=default) for rules, default in stack]
    seccomp = Seccomp(mode="filter", default=first.default, rules=first.rules, stacked=tuple(stacked))
    programs = [built.program for built in build_stack(seccomp)]
    calls = np.zeros(len(made), CALL_DTYPE)
    calls["arch"] = AUDIT_ARCH_X86_64
    calls["nr"] = [number(AUDIT_ARCH_X86_64, name) for name, *_ in made]
    calls["args"][:, :2] = [(first, second) for _, first, second in made]
    rules, deciders = RuleNumbers(seccomp, programs).decide(calls, Emulator(programs).values(calls))
    for call, found, decider in zip(calls, rules.tolist(), deciders.tolist(), strict=True):
        nr, args = int(call["nr"]), tuple(call["args"].tolist())
        values = [emulate(program, SeccompData(nr, AUDIT_ARCH_X86_64, 0, args)).value for program in programs]
        expected = decide(seccomp, values, AUDIT_ARCH_X86_64, nr, args)
        assert (found or None, decider or None) == (expected.rule, expected.layer.number if expected.layer else None)


def test_values_are_those_of_actions() -> None:
    """`ALLOW` and the words agree, so that the property above compares what filters really answer."""
    assert Action.from_value(parse_action("errno:EPERM").value).word == "errno:EPERM"
