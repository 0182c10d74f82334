"""The table of the capabilities used."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester

from core.recording.capability_use import CapabilityUse
from gui.delegates.cells import TONE_ROLE, Tone
from gui.models.capability_use_model import CapabilityUseModel, Column

RAW = CapabilityUse("NET_RAW", granted=2, held=True, calls=Counter(socket=2), functions=Counter(inet_create=2))
CHOWN = CapabilityUse("CHOWN", held=True)
ADMIN = CapabilityUse("SYS_ADMIN", refused=1, calls=Counter(mount=1), functions=Counter(path_mount=1))


def test_is_a_model(qtmodeltester: ModelTester) -> None:
    model = CapabilityUseModel()
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here
    model.show([CHOWN], checks_seen=True)
    model.show([CHOWN, RAW, ADMIN], checks_seen=True)
    model.show([CHOWN, RAW, ADMIN], checks_seen=True)
    assert [model.index(row, Column.CAPABILITY).data() for row in range(3)] == ["NET_RAW", "SYS_ADMIN", "CHOWN"]
    assert (model.row_of("SYS_ADMIN"), model.row_of("KILL")) == (1, -1)


def test_words() -> None:
    model = CapabilityUseModel()
    model.show([CHOWN, RAW, ADMIN], checks_seen=True)
    assert [model.index(0, column).data() for column in Column] == ["NET_RAW", "✓ needed", "2", "", "socket 2", "inet_create 2"]
    assert [model.index(row, Column.STATE).data() for row in range(3)] == ["✓ needed", "✕ refused", "— could be dropped"]
    assert model.index(1, Column.STATE).data(TONE_ROLE) is Tone.REFUSED
    assert model.index(1, Column.FUNCTIONS).data(Qt.ItemDataRole.ToolTipRole).startswith("path_mount: ")
    model.show([CHOWN, RAW, ADMIN], checks_seen=False)
    assert [model.index(row, Column.STATE).data() for row in range(3)] == ["✓ needed", "✕ refused, as inferred", "— held"]
