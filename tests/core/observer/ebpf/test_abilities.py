import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.observer import native, wire
from core.observer.ebpf import abilities, engine
from core.observer.ebpf.abilities import explain, why_not
from core.observer.ebpf.libbpf import LIBRARY, Libbpf, LibbpfError, LibbpfMissing
from core.observer.ebpf.loader import Programs, RingSizes
from core.observer.engine import EngineError
from core.observer.wire import LaunchSpec
from tests.core.observer.ebpf.watching import require_ebpf
from tests.support.privilege import require_root

ROOT = Path(__file__).parents[4]
SPEC = LaunchSpec("/bin/true", ("true",), (), "/", "ebpf")


def _answer(prepare: Callable[[], object]) -> str:
    """What `why_not` says in a process of other means."""
    code = "from core.observer.ebpf.abilities import why_not; print(why_not())"
    done = subprocess.run([sys.executable, "-c", code], preexec_fn=prepare, capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.strip()


def test_it_works_here_as_root() -> None:
    require_ebpf()
    assert why_not() is None


def test_what_failed_is_tried_again_and_what_worked_is_not() -> None:
    require_root("a limit is lowered and raised again")
    require_ebpf()
    code = (
        "import resource; from core.observer.ebpf.abilities import why_not\n"
        "for files in (3, 64, 3):\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (files, 64)); print(why_not() is None)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split() == [
        "False",
        "True",
        "True",
    ]


def test_without_capabilities() -> None:
    require_root("its capabilities are given up")

    def give_up(*capabilities: int) -> Callable[[], object]:
        def run() -> None:
            effective, permitted, _ = native.capget()
            keep = ~sum(1 << capability for capability in capabilities)
            for capability in capabilities:
                native.prctl(native.PR_CAPBSET_DROP, capability)
            native.capset(effective & keep, permitted & keep, 0)

        return run

    cap_sys_admin, cap_perfmon, cap_bpf = 21, 38, 39
    answer = _answer(give_up(cap_sys_admin, cap_bpf))
    assert answer == "eBPF needs CAP_BPF, which the observer does not hold"
    assert "CAP_BPF and CAP_PERFMON" in _answer(give_up(cap_sys_admin, cap_perfmon, cap_bpf))
    assert _answer(give_up(cap_sys_admin)) == "None"


def _answer_under(*command: str) -> str:
    code = "from core.observer.ebpf.abilities import why_not; print(why_not())"
    return subprocess.run([*command, sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()


def test_capabilities_in_a_user_namespace_are_not_enough() -> None:
    require_root("a user namespace is entered with all capabilities in it")
    answer = _answer_under("unshare", "--user", "--map-root-user")
    assert "Operation not permitted" in answer
    assert "run the observer as root outside any container" in answer


def test_in_a_pid_namespace() -> None:
    require_root("a pid namespace is made")
    assert "pid namespace" in _answer_under("unshare", "--pid", "--fork")


def test_without_btf_or_object(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(abilities, "KERNEL_TYPES", tmp_path / "vmlinux")
    assert "CONFIG_DEBUG_INFO_BTF" in str(why_not())
    monkeypatch.setattr(abilities, "OBJECT", tmp_path / "gatescope.bpf.o")
    assert "build.sh" in str(why_not())


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.observer.ebpf.libbpf.LIBRARY", "libbpf-that-is-not-there.so")
    monkeypatch.setattr(abilities, "_missing_privilege", lambda: None)
    abilities._probe.cache_clear()
    assert f"eBPF needs {LIBRARY}" in str(why_not())
    with pytest.raises(EngineError, match="libbpf1"):
        engine.EbpfEngine().start(SPEC)


def test_lockdown_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lockdown = tmp_path / "lockdown"
    lockdown.write_text("none integrity [confidentiality]\n")
    monkeypatch.setattr(abilities, "_LOCKDOWN", lockdown)
    error = LibbpfError(errno.EPERM, "loading the programs", "")
    assert "lockdown=confidentiality" in explain(error)
    lockdown.write_text("[none] integrity confidentiality\n")
    assert "as root" in explain(error)


def test_the_verifiers_words_are_kept() -> None:
    assert "libbpf says: R1 is wrong" in explain(LibbpfError(errno.EINVAL, "loading the programs", "R1 is wrong"))
    assert explain(LibbpfMissing("not found")).endswith(": not found")
    few_files = explain(LibbpfError(errno.EMFILE, "loading the programs", "-- BEGIN PROG LOAD LOG --"))
    assert "ulimit -n" in few_files
    assert "PROG LOAD LOG" not in few_files


@pytest.mark.parametrize("size", [0, 2048, 5000, 12288])
def test_a_ring_of_no_allowed_size(size: int) -> None:
    with pytest.raises(ValueError, match=f"the ring checks cannot have {size} bytes"):
        RingSizes(checks=size)


def test_too_little_memory_makes_the_rings_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    require_ebpf()
    asked = []

    class Sparing(Programs):
        def __init__(self, library: Libbpf, sizes: RingSizes) -> None:
            asked.append(sizes)
            if sizes.calls > 1 << 20:
                raise LibbpfError(errno.ENOMEM, "loading the programs", "")
            super().__init__(library, sizes)

    monkeypatch.setattr(engine, "Programs", Sparing)
    made = engine.EbpfEngine(RingSizes(2 << 20, 8192, 8192, 8192))
    made.start(SPEC)
    made.close()
    assert asked == [RingSizes(2 << 20, 8192, 8192, 8192), RingSizes(1 << 18, 4096, 4096, 4096)]


def test_an_engine_that_was_not_started() -> None:
    idle = engine.EbpfEngine()
    with pytest.raises(EngineError, match="not been started"):
        idle.watch(os.getpid())
    assert set(idle.lost().values()) == {0}
    idle.close()
    idle.close()


def test_records_of_a_plan_beyond_the_table_are_no_error() -> None:
    require_ebpf()
    plan = wire.CapturePlan(wire.AUDIT_ARCH_X86_64, 5000, ())
    foreign = wire.CapturePlan(0xC00000B7, 1, ())
    made = engine.EbpfEngine(RingSizes(4096, 4096, 4096, 4096))
    made.start(LaunchSpec("/bin/true", ("true",), (), "/", "ebpf", captures=(plan, foreign)))
    made.close()
