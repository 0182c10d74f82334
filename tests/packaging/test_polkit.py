"""The polkit action says what the program does."""

from xml.etree import ElementTree as ET

from core.observer_command import INSTALLED
from tests.support.polkit import ACTION_FILE


def test_the_action_is_for_the_observer_that_is_started() -> None:
    """pkexec looks for an action with the path that it is given: one letter less, and it asks in its own words instead."""
    action = ET.fromstring(ACTION_FILE.read_text()).find("action")  # noqa: S314  our own file
    assert action is not None
    assert action.attrib["id"] == ACTION_FILE.stem
    annotations = {one.attrib["key"]: one.text for one in action.iter("annotate")}
    assert annotations == {"org.freedesktop.policykit.exec.path": str(INSTALLED)}


def test_nobody_is_let_in_without_a_question() -> None:
    defaults = ET.fromstring(ACTION_FILE.read_text()).find("action/defaults")  # noqa: S314  our own file
    assert defaults is not None
    assert {one.tag: one.text for one in defaults} == {
        "allow_any": "auth_admin",
        "allow_inactive": "auth_admin",
        "allow_active": "auth_admin_keep",
    }
