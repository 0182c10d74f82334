"""Every capability's refusal, by both engines, for everybody: the verdict agrees with the kernel, which is asked by flipping the capability."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest

from core.observer.abilities import engine_abilities
from core.observer.wire import Engine
from tests.core.judge.asked import WAYS, Asked, Asking, asking
from tests.core.judge.truths import TRUTHS, Truth
from tests.support.privilege import require, require_root

WATCHES = [(way, engine) for way in WAYS for engine in WAYS[way].engines]

abilities = functools.cache(engine_abilities)


@pytest.fixture(scope="module")
def asked() -> Iterator[Asking]:
    require_root("the cases drop capabilities that only root has")
    with asking() as found:
        yield found


def test_the_table_is_wide() -> None:
    assert len(TRUTHS) * len(WAYS) >= 60
    assert len({name for truth in TRUTHS for name in truth.capabilities}) >= 25


def told(case: Asked) -> tuple[str | None, str, str, str | None, frozenset[str]]:
    verdict = case.call.verdict
    named = frozenset(verdict.alternatives) | ({verdict.capability} if verdict.capability else set())
    return verdict.gate.word, verdict.outcome.word, verdict.evidence.word, verdict.capability, named


@pytest.mark.parametrize(("way", "engine"), WATCHES)
@pytest.mark.parametrize("truth", TRUTHS, ids=[truth.name for truth in TRUTHS])
def test_the_verdict_agrees_with_the_kernel(truth: Truth, way: str, engine: Engine, asked: Asking) -> None:
    problem = abilities()[engine]
    require(problem is None, f"the {engine} engine does not work: {problem}")
    without, with_ = asked.flips[truth.name]
    if without != truth.errno or with_ == truth.errno:
        pytest.skip(
            f"this machine cannot tell: {without or 'success'} without {', '.join(truth.capabilities)}, {with_ or 'success'} with them"
        )
    case = asked.of(engine, way)[truth.name]
    evidence = "observed" if engine == "ebpf" else "inferred"
    assert (case.call.errno or "") == case.errno
    assert not case.call.verdict.conflict
    if case.errno != truth.errno:
        assert case.call.verdict.gate.word in ((None,) if not case.errno else ("other",))
        assert case.call.verdict.capability is None
    elif truth.beyond_namespace and WAYS[way].in_namespace:
        assert told(case) == ("other", "denied", "inferred", None, frozenset())
    elif not truth.inferable and engine == "ptrace":
        assert told(case)[:3] == ("other", "denied", "unknown")
    elif truth.gate == "other":
        assert told(case) == ("other", "denied", evidence, None, frozenset(truth.capabilities))
    else:
        assert told(case) == ("capability", "denied", evidence, truth.capabilities[-1], frozenset(truth.capabilities))
