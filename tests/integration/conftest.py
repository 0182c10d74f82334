"""An ordinary user, and what lets him start an observer as somebody else: all of it gone after the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.ordinary_user import OrdinaryUser, ordinary_user
from tests.support.polkit import polkit
from tests.support.sshd import Sshd, sshd
from tests.support.sudo import may_sudo


@pytest.fixture(scope="module")
def user() -> Iterator[OrdinaryUser]:
    with ordinary_user() as user:
        yield user


@pytest.fixture
def sudo(user: OrdinaryUser) -> Iterator[None]:
    """The user may start the observer, and nothing else, as root without a password."""
    with may_sudo(user, user.bin / "python", "-I", "-m", "core.observer"):
        yield


@pytest.fixture(scope="module")
def polkit_service(user: OrdinaryUser) -> Iterator[None]:
    """polkit runs, knows the action that comes with Gatescope, and grants it to the user without a question."""
    with polkit(user, user.bin / "gatescope-observer"):
        yield


@pytest.fixture(scope="module")
def ssh_server(user: OrdinaryUser) -> Iterator[Sshd]:
    """An sshd on this machine that lets the user in, as himself and as root."""
    with sshd(user) as server:
        yield server
