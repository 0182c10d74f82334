"""What holds for every test: no process and no warning is left behind, long ones run on request, the window's run on X11."""

import logging
import os
from collections.abc import Iterator

import hypothesis
import pytest

from tests.support.logs import UnexpectedLog
from tests.support.processes import adopt_orphans, children, end_leftovers

# pytest-xvfb starts the display; a Wayland session's variables must not lead Qt past it.
os.environ["QT_QPA_PLATFORM"] = "xcb"

# Derandomized: a red run is red again; the long profile is the one that explores. No deadline: the machine may be busy.
hypothesis.settings.register_profile(
    "ordinary",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=40,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("long", deadline=None, max_examples=2000, suppress_health_check=[hypothesis.HealthCheck.too_slow])


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --long."""
    parser.addoption("--long", action="store_true", help="also run the tests marked long, and explore properties further")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the hypothesis profile and become the parent of orphans, before the first test."""
    hypothesis.settings.load_profile("long" if config.getoption("--long") else "ordinary")
    adopt_orphans()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests marked long without --long."""
    if config.getoption("--long"):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="takes long: runs with --long"))


@pytest.fixture(autouse=True)
def _no_process_left() -> Iterator[None]:
    spared = {child.pid for child in children()}
    yield
    if left := end_leftovers(spared):
        pytest.fail("left behind: " + ", ".join(f"{child.name} ({child.pid})" for child in left), pytrace=False)


@pytest.fixture(autouse=True)
def unexpected_log() -> Iterator[UnexpectedLog]:
    """Fail the test on a log record at WARNING or above. A test that provokes one wraps that in `unexpected_log.expected(pattern)`."""
    handler = UnexpectedLog()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)
    if handler.records:
        pytest.fail(f"logged, and not expected:\n{handler.sentences()}", pytrace=False)
