"""An exec event with a prediction, for the tests of what shows it."""

from __future__ import annotations

from core.event import ProcessEvent
from core.predict.at_exec import AtExec
from core.predict.credentials import Credentials, Sets
from core.predict.exec import predict
from core.predict.program import Program

_RAW = 1 << 13
_HOLDER = Credentials(Sets(_RAW, 0, 0, 0, 0), 1000, 1000, 1000, 1000, 1000, 1000)


def exec_event(*, agrees: bool) -> ProcessEvent:
    """A setuid root program whose caller holds nothing but NET_RAW in the bounding set; with `agrees` off, the kernel gave nothing."""
    prediction = predict(_HOLDER, Program("/bin/su", setuid=True), 40)
    assert prediction.after is not None
    at_exec = AtExec.compared(prediction, prediction.after if agrees else _HOLDER)
    data = {"argv": ["su"], "capabilities": at_exec.actual.names(), **at_exec.to_json()}
    return ProcessEvent(1, 0, 7, 7, "su", "exec", data)
