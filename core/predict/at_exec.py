"""An execve of a run: what was predicted of it beside what the kernel made of it. Pure; it words itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from core.knowledge.capabilities import capability_names
from core.predict.credentials import SETS, Credentials, Sets, set_text
from core.predict.exec import Prediction, Rule


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """What became of one set."""

    name: str
    """One of `core.predict.credentials.SETS`."""
    before: int | None
    """Mask; None: not recorded."""
    after: int
    rules: tuple[str, ...]
    """The sentences that speak of this set."""
    surprise: str = ""
    """What was predicted instead, where the kernel did something else."""

    @property
    def changed(self) -> bool:
        return self.before is not None and self.before != self.after

    @property
    def text(self) -> str:
        """ "NET_RAW → all 41"; "NET_RAW" where it did not change."""
        after = set_text(self.after)
        return f"{set_text(self.before)} → {after}" if self.before is not None and self.changed else after

    @property
    def counts(self) -> str:
        """ "permitted 1 → 41"."""
        after = self.after.bit_count()
        return f"{self.name} {self.before.bit_count()} → {after}" if self.before is not None and self.changed else f"{self.name} {after}"


def changes(before: Sets | None, after: Sets, rules: Iterable[Rule]) -> tuple[Change, ...]:
    """What became of the five sets, in the order of `SETS`."""
    rules = tuple(rules)
    return tuple(
        Change(
            name,
            getattr(before, name) if before is not None else None,
            getattr(after, name),
            tuple(rule.sentence for rule in rules if name in rule.sets),
        )
        for name in SETS
    )


@dataclasses.dataclass(frozen=True, slots=True)
class AtExec:
    """Prediction and fact of one execve."""

    before: Sets | None
    """With which execve was called; None: not recorded."""
    predicted: Sets | None
    """None: it could not be predicted, or was predicted to be refused (then `agrees` is False)."""
    actual: Sets
    agrees: bool | None
    """None: it could not be predicted."""
    reason: str = ""
    """Where the two differ, or why it could not be predicted."""
    rules: tuple[Rule, ...] = ()
    """Of the prediction."""

    @classmethod
    def compared(cls, prediction: Prediction, actual: Credentials) -> Self:
        """Prediction and fact, held against each other: the five sets, and the effective ids."""
        before, after = prediction.before.sets, prediction.after
        if after is None:
            return cls(before, None, actual.sets, False, "the kernel was to refuse it with EPERM, and let it pass", prediction.rules)
        differences = "; ".join(_differences(after, actual))
        return cls(before, after.sets, actual.sets, not differences, differences, prediction.rules)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self | None:
        """From an exec event's data; None where the recording is older than such predictions."""
        if "agrees" not in data:
            return None
        before, predicted = (Sets.of_names(data[key]) if data[key] is not None else None for key in ("before", "predicted"))
        rules = tuple(Rule(sentence, tuple(sets)) for sentence, sets in zip(data["rules"], data["rule_sets"], strict=True))
        return cls(before, predicted, Sets.of_names(data["capabilities"]), data["agrees"], data["reason"], rules)

    def to_json(self) -> dict[str, Any]:
        """What an exec event's data has beside its `capabilities`, which are the actual sets."""
        return {
            "before": self.before.names() if self.before is not None else None,
            "predicted": self.predicted.names() if self.predicted is not None else None,
            "agrees": self.agrees,
            "reason": self.reason,
            "rules": [rule.sentence for rule in self.rules],
            "rule_sets": [list(rule.sets) for rule in self.rules],
        }

    def doubted(self, why: str) -> Self:
        """The same, but that a difference proves nothing."""
        return self if self.agrees else dataclasses.replace(self, agrees=None, predicted=None, reason=why, rules=())

    @property
    def changes(self) -> tuple[Change, ...]:
        """The five sets, in the order of `SETS`."""
        return tuple(
            dataclasses.replace(change, surprise=self._surprise(change)) for change in changes(self.before, self.actual, self.rules)
        )

    def _surprise(self, change: Change) -> str:
        expected = getattr(self.predicted, change.name) if self.predicted is not None else change.after
        return set_text(expected) if expected != change.after else ""

    @property
    def verdict(self) -> str:
        """Whether the kernel did what was predicted, in words."""
        if self.agrees:
            return "as predicted"
        return f"not as predicted: {self.reason}" if self.agrees is False else f"not predicted: {self.reason}"

    @property
    def gist(self) -> str:
        """ "permitted 0 → 41, effective 0 → 41: as predicted"."""
        changed = ", ".join(change.counts for change in self.changes if change.changed)
        return f"{changed or 'the same capabilities'}: {self.verdict}"


def _differences(predicted: Credentials, actual: Credentials) -> Iterator[str]:
    for name in SETS:
        expected, there = getattr(predicted.sets, name), getattr(actual.sets, name)
        if missing := expected & ~there:
            yield f"{name} lacks {_names(missing)}"
        if surplus := there & ~expected:
            yield f"{name} has {_names(surplus)} beyond what was predicted"
    for name, expected, there in (("uid", predicted.euid, actual.euid), ("gid", predicted.egid, actual.egid)):
        if expected != there:
            yield f"the effective {name} is {there}, predicted {expected}"


def _names(mask: int) -> str:
    names = capability_names(mask)
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} capabilities"
