"""README's commands do what README shows: every ```console block is run."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.observer.abilities import engine_abilities
from tests.support.privilege import require

CHECKOUT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Example:
    """A command of README, and what README says it prints."""

    command: str
    output: str
    """On stdout and stderr; "…" stands for anything within a line, and alone on a line for any lines."""

    @property
    def pattern(self) -> str:
        """The regular expression that the whole output must match."""
        lines = [r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"\n" for line in self.output.splitlines()]
        return "".join(lines)


def examples(text: str) -> list[Example]:
    """The commands in the console blocks of a Markdown text: lines after "$ ", each with the lines up to the next."""
    blocks = re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    found = [entry.partition("\n") for block in blocks for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [Example(command, output) for command, _, output in found]


README = examples((CHECKOUT / "README.md").read_text())


@pytest.fixture(scope="module")
def _set_up() -> None:
    # A first start says what it sets up, which is not for README to show.
    subprocess.run(["packaging/run", "--version"], cwd=CHECKOUT, check=True, capture_output=True, timeout=600)


@pytest.mark.usefixtures("_set_up")
@pytest.mark.parametrize("example", README, ids=lambda example: example.command)
def test_a_command_prints_what_readme_shows(example: Example) -> None:
    """In the checkout, with bash, as a reader would."""
    if " run --policy " in example.command:
        why_not = engine_abilities()["ebpf"]
        require(why_not is None, f"README shows what eBPF sees: {why_not}")
    command = ["bash", "-c", f"{{ {example.command}\n}} 2>&1"]
    result = subprocess.run(command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120)
    assert re.fullmatch(example.pattern, result.stdout), (
        f"$ {example.command}\n{result.stdout}\nis not what README shows:\n{example.output}"
    )


def test_readme_has_examples() -> None:
    """A slip in a fence would silence the test above."""
    assert README


def test_the_folders_of_the_map_exist() -> None:
    """A room that moved is moved on the map too."""
    rooms = re.findall(r"`((?:core|gui|resources|tests|packaging)[\w/.]*)`", (CHECKOUT / "README.md").read_text())
    assert [room for room in rooms if not (CHECKOUT / room).exists()] == []


@pytest.mark.parametrize(
    ("output", "matches", "differs"),
    [("a … c\n", "a bb c\n", "a bb d\n"), ("a\n…\n", "a\nb\nc\n", "b\na\n"), ("a.b\n", "a.b\n", "axb\n"), ("", "", "a\n")],
)
def test_an_ellipsis_stands_for_anything(output: str, matches: str, differs: str) -> None:
    """Within a line, or for whole lines; all else is literal."""
    pattern = Example("", output).pattern
    assert re.fullmatch(pattern, matches)
    assert not re.fullmatch(pattern, differs)
