"""What is left in the kernel afterwards: nothing."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.observer.ebpf.libbpf import Libbpf, LibbpfError
from core.observer.ebpf.loader import Programs, RingSizes
from tests.core.observer.ebpf.watching import require_ebpf

ROOT = Path(__file__).parents[4]
TINY = RingSizes(4096, 4096, 4096, 4096)
ID_OFFSET = 4  # of `id` in struct bpf_prog_info

HOLD = """
import sys, time
from core.observer.ebpf.libbpf import Libbpf
from core.observer.ebpf.loader import Programs, RingSizes
programs = Programs(Libbpf(), RingSizes(4096, 4096, 4096, 4096))
print(*(int.from_bytes(programs.program_info(name, 8)[4:], "little") for name in programs.names), flush=True)
time.sleep(60)
"""


def _exists(library: Libbpf, number: int) -> bool:
    try:
        fd = library.number("looking for a program", "bpf_prog_get_fd_by_id", number)
    except LibbpfError as err:
        if err.errno == errno.ENOENT:
            return False
        raise
    os.close(fd)
    return True


def _all_go(library: Libbpf, numbers: list[int]) -> bool:
    deadline = time.monotonic() + 10
    while any(_exists(library, number) for number in numbers):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)  # the kernel frees them after a grace period
    return True


@pytest.fixture
def library() -> Libbpf:
    require_ebpf()
    return Libbpf()


def test_nothing_after_close(library: Libbpf) -> None:
    programs = Programs(library, TINY)
    numbers = [int.from_bytes(programs.program_info(name, 8)[ID_OFFSET:], "little") for name in programs.names]
    assert len(numbers) == 7
    assert all(_exists(library, number) for number in numbers)
    programs.close()
    programs.close()
    assert _all_go(library, numbers)


def test_nothing_after_the_observer_was_killed(library: Libbpf) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout is not None
        numbers = [int(word) for word in holder.stdout.readline().split()]
        assert numbers
        assert all(_exists(library, number) for number in numbers)
        holder.send_signal(signal.SIGKILL)
    assert _all_go(library, numbers)


def test_only_one_is_loaded_when_one_is_asked_for(library: Libbpf) -> None:
    programs = Programs(library, TINY, only="on_signal")
    assert programs.names == ("on_signal",)
    with pytest.raises(LibbpfError):
        programs.program_info("on_exit", 8)
    programs.close()
