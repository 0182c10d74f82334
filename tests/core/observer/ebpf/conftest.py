"""Targets compiled once a session."""

from collections.abc import Callable

import pytest

from tests.core.observer.ebpf.watching import compile_target, require_ebpf


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """`target("name")`: the path of the compiled tests/core/observer/ebpf/targets/name.c."""
    require_ebpf()
    directory = tmp_path_factory.mktemp("targets")
    found: dict[str, str] = {}

    def path(name: str) -> str:
        if name not in found:
            found[name] = compile_target(name, directory)
        return found[name]

    return path
