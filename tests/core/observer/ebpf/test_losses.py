import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from core.knowledge.syscalls import name
from core.observer import wire
from core.observer.ebpf.loader import RingSizes
from tests.core.observer.ebpf.watching import Watch, watch
from tests.support.privilege import require

Target = Callable[[str], str]

READ, WRITE = 0, 1


@pytest.mark.parametrize("pages", [1, 4])
@pytest.mark.usefixtures("target")
def test_forwarded_and_lost_make_up_all_that_was_made(pages: int) -> None:
    count = 5000
    argv = [shutil.which("dd") or "/bin/dd", "bs=1", f"count={count}", "if=/dev/zero", "of=/dev/null", "status=none"]
    whole = watch(argv)
    assert not any(whole.lost.values())
    assert whole.counts()[READ] > count
    assert whole.counts()[WRITE] == count

    with Watch(argv, sizes=RingSizes(pages * 4096, 1 << 20, 1 << 20, 1 << 20)) as run:
        run.go()
        recorded = run.finish(drain=False)
    # Nobody read it meanwhile, so it holds what fits, and the rest is counted.
    assert len(recorded.calls) == pages * 4096 // wire.CALL.size
    assert len(recorded.calls) + recorded.lost["calls"] == len(whole.calls)


@pytest.mark.usefixtures("target")
def test_every_call_that_strace_counts_is_recorded(tmp_path: Path) -> None:
    require(shutil.which("strace"), "strace is not installed: it is what the counts are compared with")
    listing = tmp_path / "strace"
    argv = [shutil.which("find") or "/usr/bin/find", "/usr/share/doc", "-name", "a*"]
    subprocess.run(["strace", "-f", "-c", "-o", listing, *argv], check=True, stdout=subprocess.PIPE, env={})
    counted = Counter[str]()
    for line in listing.read_text().splitlines()[2:]:
        words = line.split()
        if words and words[-1] != "total" and not line.startswith("---"):
            counted[words[-1]] += int(words[3])
    with Watch([argv[0], *argv[1:]], environment={}) as run:
        run.go()
        recorded = run.finish()
    ours = Counter({name(wire.AUDIT_ARCH_X86_64, nr): number for nr, number in recorded.counts().items()})
    del ours["exit_group"]  # it never returns, and strace counts what returned
    assert not any(recorded.lost.values())
    assert ours == counted
