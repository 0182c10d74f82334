"""packaging/environment.sh: when the environment is taken as it is, when it is made anew, and that two starts do not make it at once."""

from pathlib import Path

import pytest

from tests.packaging.shell import Shell


def make_environment(shell: Shell) -> None:
    """An environment as far as packaging/ looks at it: an interpreter, a gatescope that repeats its arguments, a stamp."""
    shell.need("")
    script = """
        mkdir -p .venv/bin
        /bin/ln -s /bin/bash .venv/bin/python
        printf '#!/bin/bash\\nprintf "<%%s>" "$@"\\n' >.venv/bin/gatescope
        /bin/chmod +x .venv/bin/gatescope
        stamp run >.venv/run.stamp
    """
    assert shell.run(script).returncode == 0


@pytest.fixture
def ready(shell: Shell) -> Shell:
    """A checkout that is all set up to run."""
    make_environment(shell)
    return shell


def is_ready(shell: Shell, level: str = "run") -> bool:
    return shell.run(f"is_ready {level}").returncode == 0


def test_a_ready_environment_is_used_at_once(ready: Shell) -> None:
    """Arguments arrive as they are, and nothing is said."""
    result = ready.run("exec packaging/run run -- echo 'a  b' ''")
    assert (result.stdout, result.stderr) == ("<run><--><echo><a  b><>", "")


def test_running_needs_less_than_testing(ready: Shell) -> None:
    """The environment for tests serves to run, not the other way."""
    assert not is_ready(ready, "test")
    ready.run("stamp test >.venv/test.stamp; rm .venv/run.stamp")
    assert is_ready(ready, "test")
    assert is_ready(ready, "run")


@pytest.mark.parametrize("changed", ["pyproject.toml", "packaging/requirements/run.txt", "packaging/requirements/build.txt"])
def test_other_requirements_ask_for_a_set_up(ready: Shell, changed: str) -> None:
    """A pull that changes what is needed is followed at the next start."""
    with (ready.checkout / changed).open("a") as file:
        file.write("\n# changed\n")
    assert not is_ready(ready)


def test_another_interpreter_asks_for_a_set_up(ready: Shell) -> None:
    """As after an upgrade of the distribution."""
    python = ready.checkout / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/bin/cat")
    assert not is_ready(ready)
    python.unlink()
    python.symlink_to("/nonexistent/python3.11")
    assert not is_ready(ready)


def test_a_moved_checkout_asks_for_a_set_up(ready: Shell) -> None:
    """The environment's scripts hold the place they were made in."""
    moved = Shell(ready.folder / "moved")
    moved.folder.mkdir()
    ready.bin.rename(moved.bin)
    ready.checkout.rename(moved.checkout)
    assert not is_ready(moved)
    assert moved.run("is_sound").returncode == 1


def test_a_library_removed_since_asks_for_a_set_up(ready: Shell) -> None:
    """What the system lost is seen at the next start, not as a traceback of Qt's."""
    ready.need("run | library libgone.so.7 | libgone7 | libgone | libgone | the window")
    assert not is_ready(ready)


def test_two_first_starts_set_up_once(shell: Shell) -> None:
    """The second waits for the first, and then has nothing to do."""
    script = """
        is_ready() { [[ -e done ]]; }
        prepare() { echo prepared; sleep 0.3; touch done; }
        ensure_environment run & ensure_environment run & wait
    """
    result = shell.run(script)
    assert result.stdout == "prepared\n"
    assert "waiting for it" in result.stderr


def test_a_failed_set_up_ends_the_start(shell: Shell) -> None:
    """What follows it never runs half set up."""
    result = shell.run("is_ready() { false; }\nprepare() { fail 'no network'; }\nensure_environment run; echo went on")
    assert (result.stdout, result.returncode) == ("", 1)
    assert result.stderr == "gatescope: no network\n"


def test_a_checkout_of_another_user_is_said(shell: Shell) -> None:
    """Where nothing can be written, a copy of one's own is the way."""
    shell.checkout.chmod(0o555)
    result = shell.run("is_ready() { false; }\nensure_environment run")
    assert result.returncode == 1
    assert "you may not write: use a copy of your own" in result.stderr
    shell.checkout.chmod(0o755)


@pytest.mark.parametrize(("versions", "chosen"), [({"python3": False, "python3.12": True}, "python3.12"), ({"python3": True}, "python3")])
def test_an_interpreter_that_is_new_enough_is_found(shell: Shell, versions: dict[str, bool], chosen: str) -> None:
    """The version that python3 stands for may be too old while another is there."""
    for name, is_new_enough in versions.items():
        shell.add_command(name, f"exit {int(not is_new_enough)}")
    result = shell.run('system_python=none; choose_python; echo "$python"')
    assert result.stdout == f"{shell.bin / chosen}\n"


def test_an_old_python_is_said(shell: Shell) -> None:
    """With the version found and what to do."""
    shell.add_command("python3", '[[ $1 != --version ]] || echo "Python 3.9.2"; exit 1')
    result = shell.run("system_python=none; choose_python")
    assert result.returncode == 1
    assert "Python 3.11 or newer is needed and none was found (python3 is Python 3.9.2)" in result.stderr


def test_the_scripts_are_executable() -> None:
    """As they are named in README."""
    packaging = Path(__file__).parents[2] / "packaging"
    assert [name for name in ("run", "test", "lock") if not (packaging / name).stat().st_mode & 0o111] == []
