"""Observers that end with their test, and targets compiled once a session."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.observer.abilities import engine_abilities
from tests.core.observer.driver import NOBODY, Observer
from tests.support.privilege import require, require_root

_SOURCES = Path(__file__).with_name("targets")
_FLAGS = {"bare": ["-nostdlib", "-static"], "static_main": ["-static"], "static_pie_main": ["-static-pie"]}


@pytest.fixture
def observe() -> Iterator[Callable[..., Observer]]:
    """`observe(uid=None)`: a new observer."""
    with ExitStack() as stack:
        yield lambda uid=None: stack.enter_context(Observer(uid))


@pytest.fixture(params=["root", "nobody"])
def anyone(request: pytest.FixtureRequest, observe: Callable[..., Observer]) -> Observer:
    """An observer of whoever runs the tests, and one without any privilege."""
    if request.param == "root":
        return observe()
    require_root("becoming an ordinary user takes root")
    return observe(NOBODY)


@pytest.fixture(params=["ptrace", "ebpf"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine that works here."""
    name: str = request.param
    reason = engine_abilities()[name]
    require(reason is None, f"the {name} engine does not work: {reason}")
    return name


@pytest.fixture(scope="session")
def compiled() -> Iterator[Callable[[str], str]]:
    """`compiled("name")`: the path of the program made from tests/core/observer/targets/name.c, which anybody may execute."""
    made: dict[str, str] = {}

    # Not below pytest's own directory, which is closed to other users.
    with tempfile.TemporaryDirectory(prefix="gatescope-targets-") as directory:
        Path(directory).chmod(0o755)

        def path(name: str) -> str:
            if name not in made:
                source = _SOURCES / f"{name.replace('static_pie_', '').replace('static_', '')}.c"
                output = f"{directory}/{name}"
                subprocess.run(["gcc", "-O1", "-pthread", *_FLAGS.get(name, []), "-o", output, str(source)], check=True)
                made[name] = output
            return made[name]

        yield path


@pytest.fixture
def nobody(observe: Callable[..., Observer]) -> Observer:
    """An observer without any privilege."""
    require_root("becoming an ordinary user takes root")
    return observe(NOBODY)
