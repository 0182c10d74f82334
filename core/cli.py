"""The command `gatescope`: the window without arguments, everything else by subcommand."""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from core.complaint import FAILURE_STATUS, USAGE_STATUS, Complaint, shortage
from core.version import VERSION


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 2 for usage, 1 for failures of our own, 130 where interrupted, otherwise the target's."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr has it: a locale may lack our marks
    words = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser().parse_args(words)
    try:
        return int(options.command(options))
    except Complaint as err:
        print(f"gatescope: {err}", file=sys.stderr)
        return err.status
    except BrokenPipeError:
        # Whoever read our output has gone; nothing more can be said to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE_STATUS
    except KeyboardInterrupt:
        return 128 + signal.SIGINT  # while a policy is read, say: a run passes it on to its target
    except (OSError, ImportError, MemoryError, RuntimeError) as err:
        if (sentence := shortage(err)) is None:
            raise
        print(f"gatescope: {sentence}", file=sys.stderr)
        return FAILURE_STATUS


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_STATUS, f"{self.prog}: {message}. See: {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="gatescope", description="See which kernel check decided what became of every system call.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"gatescope {VERSION}")
    parser.set_defaults(command=_window)
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)
    _add_run(commands.add_parser("run", help="run a program under a policy, without a window", allow_abbrev=False))
    _add_emulate(commands.add_parser("emulate", help="what a policy's filter makes of one call", allow_abbrev=False))
    _add_disasm(commands.add_parser("disasm", help="a filter as text that can be read", allow_abbrev=False))
    _add_predict(commands.add_parser("predict", help="the capability sets before and after a program's execve", allow_abbrev=False))
    _add_lint(commands.add_parser("lint", help="what is wrong with a policy, and how to mend it", allow_abbrev=False))
    host = commands.add_parser("host", help="what this machine and this user can do, and how to get the rest")
    _add_json(host)
    host.set_defaults(command=_host)
    return parser


def _add_run(run: argparse.ArgumentParser) -> None:
    run.description = (
        "The target's stdio is the terminal's; events go to stderr or to --output; the exit status is the target's (128+signal when killed). "
        "A line of text reads as strace's; a call of another architecture bears its name: x86:getpid() is a 32-bit program's, or made by int 0x80."
    )
    run.add_argument("--policy", type=Path, metavar="FILE", help="the policy file (TOML); without one, nothing is restricted")
    run.add_argument("--engine", choices=("auto", "ebpf", "ptrace"), default="auto", help="how to watch (default: auto)")
    run.add_argument("--as", dest="user", choices=("me", "root"), help="who the target runs as, instead of the policy's identity.user")
    run.add_argument(
        "--observer", metavar="PREFIX", help="none, sudo, pkexec, or a command such as 'ssh host' that the observer is started through"
    )
    run.add_argument(
        "--observer-command",
        metavar="COMMAND",
        default="",
        help="what starts the observer behind the prefix (default: this installation's; behind ssh, podman and the like: gatescope-observer)",
    )
    run.add_argument("--format", choices=("text", "jsonl"), default="text", help="how events are written (default: text)")
    run.add_argument(
        "--only",
        type=_verdicts,
        metavar="VERDICTS",
        help="only events with these outcomes or gates, separated by commas: denied,killed,seccomp",
    )
    run.add_argument("--output", type=Path, metavar="FILE", help="write events there instead of to stderr")
    run.add_argument("--record", type=Path, metavar="FILE", help="write a recording (an Apache Arrow stream) as the run goes")
    run.add_argument("target", nargs="+", metavar="COMMAND", help="the program and its arguments, after --")
    run.set_defaults(command=_run)


def _add_emulate(emulate: argparse.ArgumentParser) -> None:
    emulate.description = (
        "Puts a call through the policy's filter, without running anything: the action, the rule and the path through the filter."
    )
    emulate.add_argument("--policy", type=Path, metavar="FILE", required=True, help="the policy file (TOML)")
    _add_json(emulate)
    emulate.add_argument("call", metavar="CALL", help="as in C, with numbers and constants: 'socket(AF_INET, SOCK_RAW, 1)', 'x86:getpid()'")
    emulate.set_defaults(command=_emulate)


def _add_disasm(disasm: argparse.ArgumentParser) -> None:
    disasm.description = (
        "Lists a policy's filter, or a built one (a file of struct sock_filter), with labels and comments, and gives its size."
    )
    disasm.add_argument("--policy", type=Path, metavar="FILE", help="the policy file (TOML)")
    disasm.add_argument("file", type=Path, metavar="FILE.bpf", nargs="?", help="a built filter, instead of a policy")
    disasm.set_defaults(command=_disasm)


def _add_predict(predict: argparse.ArgumentParser) -> None:
    predict.description = (
        "Says what the program would hold just before and just after its execve, with the kernel's reasons, without running it."
    )
    predict.add_argument("--policy", type=Path, metavar="FILE", help="the policy file (TOML); without one, nothing is restricted")
    predict.add_argument("--as", dest="user", choices=("me", "root"), help="who the target runs as, instead of the policy's identity.user")
    _add_json(predict)
    predict.add_argument("target", nargs="+", metavar="COMMAND", help="the program and its arguments, after --")
    predict.set_defaults(command=_predict)


def _add_lint(lint: argparse.ArgumentParser) -> None:
    lint.description = (
        "Says what in a policy does not do what it seems to, why, and how to mend it. Exit status: 0, or 1 where there are errors."
    )
    lint.add_argument("--policy", type=Path, metavar="FILE", required=True, help="the policy file (TOML)")
    _add_json(lint)
    lint.set_defaults(command=_lint)


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON instead of text")


def _verdicts(text: str) -> tuple[str, ...]:
    from core.recording.filter import check_verdict

    words = tuple(filter(None, text.split(",")))
    for word in words:
        try:
            check_verdict(word)
        except ValueError as err:
            raise argparse.ArgumentTypeError(str(err)) from err
    return words


def _run(options: argparse.Namespace) -> int:
    from core.run_command import run

    return run(options)


def _emulate(options: argparse.Namespace) -> int:
    from core.emulate_command import run

    return run(options)


def _disasm(options: argparse.Namespace) -> int:
    from core.disasm_command import run

    return run(options)


def _predict(options: argparse.Namespace) -> int:
    from core.predict_command import run

    return run(options)


def _lint(options: argparse.Namespace) -> int:
    from core.lint_command import run

    return run(options)


def _host(options: argparse.Namespace) -> int:
    from core.host import probe
    from core.ways import COMMAND_LINE

    host = probe(COMMAND_LINE)
    if options.json:
        print(json.dumps(host.to_json()))
        return 0
    from core.host_command import print_host

    print_host(host)
    return 0


def _window(_options: argparse.Namespace) -> int:
    from core.host import has_display

    if not has_display():
        raise Complaint(
            "there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open. Run headless instead: gatescope run -- COMMAND",
            FAILURE_STATUS,
        )
    from gui.__main__ import main as open_window

    return open_window()


if __name__ == "__main__":
    sys.exit(main())
