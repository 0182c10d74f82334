"""What lint and the capabilities say of a policy's rules: what the seccomp panel shows beside them."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from core.knowledge.capabilities import capability_name
from core.knowledge.syscalls import ARCHES, name
from core.lint.finding import Finding
from core.lint.guards import guards
from core.lint.lint import lint
from core.lint.subject import refuses
from core.policy.architectures import NATIVE
from core.policy.model import Policy, Rule, Seccomp
from core.policy.rules import ResolvedRule, resolve_rules
from core.policy.stack import all_rules, layers

_WHICH_FILTER: Final = re.compile(r"Filter \d+: ")
# In front of what lint says of one of several filters.


@dataclasses.dataclass(frozen=True, slots=True)
class Guard:
    """A capability that guards calls which a rule refuses."""

    rule: int
    capability: str
    calls: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """As the rule says it: "NET_RAW also guards socket"."""
        return f"{self.capability} also guards {_few(self.calls)}"

    @property
    def counterpart(self) -> str:
        """As the capability says it: "rule 2 also refuses socket"."""
        return f"rule {self.rule} also refuses {_few(self.calls)}"


@dataclasses.dataclass(frozen=True, slots=True)
class LintReport:
    """Findings on one policy."""

    policy: Policy
    """That they are about; the fixes start from it."""
    findings: tuple[Finding, ...] = ()
    guards: tuple[Guard, ...] = ()
    """By rule."""

    def remarks(self) -> Mapping[int, str]:
        """By rule, in two or three words, that it decides nothing; only for rules of which that is so."""
        count = len(all_rules(self.policy.seccomp))
        return {finding.rule: words for finding in self.findings if finding.rule is not None and (words := _remark(finding, count))}


def lint_report(policy: Policy) -> LintReport:
    """The findings; none for a policy that `check` refuses, whose fields say what is wrong."""
    try:
        findings = lint(policy)
    except ValueError:
        return LintReport(policy)
    return LintReport(policy, findings, tuple(_guards(policy.seccomp)) if policy.seccomp.mode == "filter" else ())


def guards_of(rule: Rule) -> tuple[Guard, ...]:
    """The capabilities that guard what one rule refuses, whether or not it is ticked. Raises ValueError for a rule that `check_rule` refuses."""
    return tuple(_guards(Seccomp(mode="filter", rules=(msgspec.structs.replace(rule, enabled=True),))))


def guards_text(found: Sequence[Guard]) -> str:
    """In a line what else guards the rule's calls: "NET_RAW also guards socket"; empty where nothing does."""
    if not found:
        return ""
    capabilities = list(dict.fromkeys(guard.capability for guard in found))
    if len(capabilities) == 1:
        return found[0].sentence
    return f"{_few(capabilities)} also guard some of these"


def headline(finding: Finding) -> str:
    """The finding in its first clause: "ptrace is left open"."""
    which = _WHICH_FILTER.match(finding.message)
    start = which.end() if which else 0
    ends = [place for sign in (". ", ": ") if (place := finding.message.find(sign, start)) > 0]
    return finding.message[: min(ends, default=len(finding.message))].rstrip(".")


def _guards(seccomp: Seccomp) -> Iterator[Guard]:
    resolved = (resolve_rules(layer.filter, ARCHES[NATIVE], layer.first_rule) for layer in layers(seccomp))
    for rule in itertools.chain.from_iterable(resolved):
        if refuses(rule.action):
            for capability, calls in sorted(_guarded(rule).items()):
                yield Guard(rule.number, capability_name(capability), tuple(calls))


def _guarded(rule: ResolvedRule) -> Mapping[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for nr in sorted(rule.nrs):
        for capability in guards(dataclasses.replace(rule, nrs=frozenset({nr})), ARCHES[NATIVE]):
            found[capability].append(name(ARCHES[NATIVE], nr))
    return found


def _remark(finding: Finding, rules: int) -> str:
    # A fix that takes the rule away says that nothing of it is left.
    whole = finding.fix is not None and len(all_rules(finding.fix.policy.seccomp)) < rules
    match finding.code:
        case "never-matches":
            return "never matches"
        case "equals-default":
            return "same as the default"
        case "exception-without-effect":
            return "without effect"
        case "shadowed":
            return "never reached" if whole else "partly never reached"
        case "repeats-rule":
            return "repeats another" if whole else "partly repeats"
        case "allow-moot":
            return "moot: another filter refuses" if whole else "partly moot"
        case "call-uncovered":
            return "not of this architecture"
        case _:
            return ""


def _few(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"
