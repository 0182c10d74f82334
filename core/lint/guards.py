"""Which capabilities guard the same calls as a seccomp rule."""

from __future__ import annotations

from core.knowledge.privileged_calls import ArgumentTest, privileged_forms
from core.knowledge.syscalls import name
from core.lint.cover import negations
from core.policy.overlap import witness
from core.policy.rules import ResolvedRule, ResolvedTest


def guards(rule: ResolvedRule, arch: int) -> tuple[int, ...]:
    """The numbers of the capabilities for which the kernel asks in calls that the rule speaks of, as far as its tests let them, in their order."""
    found: set[int] = set()
    for nr in rule.nrs:
        for form in privileged_forms(name(arch, nr)):
            if _meet(rule.tests, form.tests):
                found.update(form.capabilities)
    return tuple(sorted(found))


def _meet(tests: tuple[ResolvedTest, ...], asked: tuple[ArgumentTest, ...]) -> bool:
    choices: list[tuple[ResolvedTest, ...]] = [tests]
    for test in asked:
        equal = ResolvedTest(test.index, "&==", test.value, test.mask)
        alternatives = (equal,) if test.equal else tuple(negations(equal))
        choices = [(*chosen, one) for chosen in choices for one in alternatives]
    return any(witness(chosen) is not None for chosen in choices)
