"""Policies for tests: short ways to write them, and random ones whose calls `observe` can make."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from core.policy.model import ArgumentTest, Filter, Operator, Rule, Seccomp

OPERATORS: tuple[Operator, ...] = ("==", "!=", "<", "<=", ">", ">=", "&==")
EDGES = (0, 1, 3, 4, 5, 0xFFFFFFFF)
ACTIONS = ("errno:1", "errno:2", "errno:EACCES", "trap", "log", "kill-thread", "kill-process", "trace:3")


def rule(call: str | int, action: str, *tests: ArgumentTest, **more: Any) -> Rule:
    return Rule(syscalls=(call,), action=action, args=tests, **more)


def arg(index: int, op: Operator, value: int, mask: int | None = None) -> ArgumentTest:
    return ArgumentTest(index=index, op=op, value=value, mask=mask)


def policy(*rules: Rule, **more: Any) -> Seccomp:
    return Seccomp(mode="filter", rules=rules, **more)


def random_policy(source: random.Random, calls: tuple[int, ...]) -> Seccomp:
    """One to five rules about `calls`, with values that meet and miss each other in both halves; everything else is allowed."""
    rules = (rule(source.choice(calls), source.choice(ACTIONS), *_random_tests(source)) for _ in range(source.randrange(1, 6)))
    architectures = source.choice((("native",), ("native", "x86"), ("x86_64", "x86", "x32")))
    return policy(*rules, architectures=architectures, bad_arch="errno:ENOSYS")


def random_stack(source: random.Random, calls: tuple[int, ...], filters: int) -> Seccomp:
    """As many filters as asked for, each as of `random_policy`."""
    first, *others = [random_policy(source, calls) for _ in range(filters)]
    stacked = tuple(Filter(rules=one.rules, architectures=one.architectures, bad_arch=one.bad_arch) for one in others)
    return msgspec.structs.replace(first, stacked=stacked)


def _random_tests(source: random.Random) -> list[ArgumentTest]:
    return [_random_test(source, source.randrange(2)) for _ in range(source.choice((0, 1, 1, 2, 3)))]


def _random_test(source: random.Random, index: int) -> ArgumentTest:
    op = source.choice(OPERATORS)
    value = random_argument(source)
    if op != "&==":
        return arg(index, op, value)
    mask = source.choice((0xFF, 0xFFFFFFFF, 0x1FFFFFFFF, 0x300000003))
    return arg(index, op, value & mask, mask)


def random_argument(source: random.Random) -> int:
    """One of a few 64-bit numbers, so that tests on them often hold."""
    return source.randrange(3) << 32 | source.choice(EDGES)
