"""The nets of tests/conftest.py catch: a small faulty suite runs in a pytest of its own, under the real conftest.py and options."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

CHECKOUT = Path(__file__).parents[2]

FAULTY = """
import logging, os, subprocess
import pytest
from PySide6.QtCore import qWarning
from tests.support import processes
from tests.support.privilege import require

processes.SECONDS_TO_END = 1.5
pids = []

def test_leaves_a_child():
    pids.append(os.posix_spawn("/bin/sleep", ["sleep", "1000"], os.environ))

def test_that_child_was_ended():
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)

def test_leaves_a_grandchild_whose_parent_ended():
    subprocess.run(["sh", "-c", "sleep 1000 >/dev/null 2>&1 &"], check=True)

def test_leaves_one_that_is_ending():
    subprocess.run(["sh", "-c", "sleep 0.2 >/dev/null 2>&1 &"], check=True)

@pytest.fixture(scope="module")
def sleeper():
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process
        process.kill()

def test_uses_a_process_of_the_module(sleeper): pass
def test_uses_it_again(sleeper): assert sleeper.poll() is None

def test_logs_information(): logging.getLogger("quiet").info("nothing")
def test_logs_a_warning(): logging.getLogger("loud").warning("disk is full")
def test_expects_its_warning(unexpected_log):
    with unexpected_log.expected("^disk is"):
        logging.getLogger("storage").warning("disk is full")

def test_makes_qt_warn(): qWarning("a timer in the wrong thread")

@pytest.mark.long
def test_takes_long(): pass

def test_needs_what_is_missing(): require(False, "the kernel lacks it")
"""

ALWAYS = {
    "test_leaves_a_child": "error: left behind: sleep",
    "test_that_child_was_ended": "passed",
    "test_leaves_a_grandchild_whose_parent_ended": "error: left behind: sleep",
    "test_leaves_one_that_is_ending": "passed",
    "test_uses_a_process_of_the_module": "passed",
    "test_uses_it_again": "passed",
    "test_logs_information": "passed",
    "test_logs_a_warning": "error: loud WARNING: disk is full",
    "test_expects_its_warning": "passed",
    "test_makes_qt_warn": "failure: ",
}


def run_faulty(folder: Path, *arguments: str, required: str) -> dict[str, str]:
    """Run the faulty suite and return how each test came out, with the message."""
    (folder / "conftest.py").write_text((CHECKOUT / "tests/conftest.py").read_text())
    (folder / "pyproject.toml").write_text((CHECKOUT / "pyproject.toml").read_text())
    (folder / "test_faulty.py").write_text(FAULTY)
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "GATESCOPE_REQUIRE_PRIVILEGED": required}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--no-xvfb",
        "--junit-xml=report.xml",
        "-p",
        "no:cacheprovider",
        *arguments,
        "test_faulty.py",
    ]
    subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, timeout=120)
    cases = ET.parse(folder / "report.xml").iter("testcase")  # noqa: S314 (pytest wrote it, just now)
    outcomes: dict[str, str] = {}
    for case in cases:
        result = next((child for child in case if child.tag in {"error", "failure", "skipped"}), None)
        outcome = "passed" if result is None else f"{result.tag}: {result.get('message')}"
        # A test that passes and then errs in its teardown is reported twice.
        if outcomes.get(name := case.get("name", ""), "passed") == "passed":
            outcomes[name] = outcome
    return outcomes


def check_outcomes(outcomes: dict[str, str], expected: dict[str, str]) -> None:
    assert outcomes.keys() == expected.keys()
    for name, outcome in expected.items():
        kind, _, message = outcome.partition(": ")
        assert outcomes[name].startswith(kind), name
        assert message in outcomes[name], name


def test_each_fault_is_caught_and_only_faults_are(tmp_path: Path) -> None:
    """Processes, log records and Qt warnings left behind; what takes long, and what needs privilege, is skipped."""
    skipped = {"test_takes_long": "skipped: takes long", "test_needs_what_is_missing": "skipped: the kernel lacks it"}
    check_outcomes(run_faulty(tmp_path, required="0"), ALWAYS | skipped)


def test_what_was_asked_for_is_not_skipped(tmp_path: Path) -> None:
    """--long; GATESCOPE_REQUIRE_PRIVILEGED."""
    outcomes = run_faulty(tmp_path, "--long", "-k", "long or missing", required="1")
    expected = {"test_takes_long": "passed", "test_needs_what_is_missing": "failure: GATESCOPE_REQUIRE_PRIVILEGED=1, but"}
    check_outcomes(outcomes, expected)
