"""Finds the program that a command line names, and says clearly when it cannot be run."""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from core.policy.target import Target
from core.predict.program import FIRST_LINE, SCRIPT_DEPTH, first_line_words

_ELF: Final = b"\x7fELF"
_RETURN: Final = "\r"


class TargetError(ValueError):
    """The target cannot be run; the sentence says why and what to do."""


def working_directory() -> str:
    """Ours, which the target is to have. Raises `TargetError` where it was removed since we were started in it."""
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        raise TargetError("the directory that this was started in does not exist any more: change to another, and run again") from None


def resolve_target(argv: Sequence[str], environment: Mapping[str, str], directory: str) -> Target:
    """The file that execvp would run for `argv`, checked. Raises `TargetError`.

    A name without a slash is looked up in PATH. A file that others may run but this user may not is left for the kernel to refuse,
    since the target may run as somebody else.
    """
    if not argv or not argv[0]:
        raise TargetError("no target: name a command to run, for example: gatescope run -- ls -l")
    working = Path(directory)
    if not working.is_dir():
        raise TargetError(f"{directory}: is not a directory, so nothing can be started there")
    path = working / argv[0] if "/" in argv[0] else _search(argv[0], environment.get("PATH", os.defpath), working)
    _check(path, argv[0])
    return Target(str(path), tuple(argv), dict(environment), str(working.absolute()))


def _search(name: str, search_path: str, working: Path) -> Path:
    seen: Path | None = None
    for folder in search_path.split(os.pathsep):
        candidate = working / folder / name
        if _open_to_us(candidate.parent) and candidate.is_file():
            if os.access(candidate, os.X_OK):
                return candidate
            seen = seen or candidate
    if seen is not None:
        return seen
    raise TargetError(f"{name}: no such command in PATH{_close_command(name, search_path)}")


def _open_to_us(folder: str | Path) -> bool:
    """Whether a folder of PATH can be looked into; execvp too passes over one that cannot, such as another user's."""
    return os.access(folder, os.R_OK | os.X_OK) and Path(folder).is_dir()


def _close_command(name: str, search_path: str) -> str:
    names = [entry.name for folder in filter(_open_to_us, search_path.split(os.pathsep)) for entry in os.scandir(folder)]
    close = difflib.get_close_matches(name, names, 1, 0.8)
    return f"; did you mean {close[0]}?" if close else "; give its path, or check the spelling"


def _check(path: Path, asked: str) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise TargetError(f"{asked}: there is no such file") from None
    except NotADirectoryError:
        raise TargetError(f"{asked}: a part of this path is a file, not a directory") from None
    except PermissionError:
        return  # whoever the target will be may see more than we do
    except OSError as err:
        raise TargetError(f"{asked}: {err.strerror}") from err
    if stat.S_ISDIR(mode):
        raise TargetError(f"{asked}: is a directory, not a program")
    if not stat.S_ISREG(mode):
        raise TargetError(f"{asked}: is not a regular file, so it cannot be executed")
    if not mode & 0o111:
        raise TargetError(f"{asked}: is not executable; make it so with: chmod +x {path}")
    start = _start(path)
    if start == b"":
        raise TargetError(f"{asked}: is an empty file, so there is nothing to execute")
    if start.startswith(b"#!"):
        _check_interpreters(start, asked)
    elif not _is_binary(start):
        raise TargetError(
            f"{asked}: is neither an ELF program nor a script with a #! line; run it through its interpreter, for example: sh {asked}"
        )


def _check_interpreters(start: bytes, asked: str) -> None:
    """A script needs an interpreter that can be executed, and so does an interpreter that is a script."""
    for _ in range(SCRIPT_DEPTH):
        words = first_line_words(start)
        if not words:
            raise TargetError(f"{asked}: its first line is #! without an interpreter")
        interpreter = Path(words[0])
        script = f"{asked}: is a script whose interpreter {words[0].removesuffix(_RETURN)}"
        try:
            mode = interpreter.stat().st_mode
        except PermissionError:
            return  # as above
        except OSError:
            if words[0].endswith(_RETURN):
                raise TargetError(
                    f"{script} is followed by a carriage return, as Windows ends lines; take it out: sed -i 's/\\r$//' {asked}"
                ) from None
            raise TargetError(f"{script} does not exist; install it or mend the script's first line") from None
        if not stat.S_ISREG(mode) or not mode & 0o111:
            raise TargetError(f"{script} is not executable; mend the script's first line")
        start = _start(interpreter)
        if not start.startswith(b"#!"):
            return


def _start(path: Path) -> bytes:
    """What the kernel looks at to tell the format."""
    try:
        with path.open("rb") as file:
            return file.read(FIRST_LINE)
    except OSError:
        return _ELF  # executable but not readable: the kernel will see


def _is_binary(start: bytes) -> bool:
    return start.startswith(_ELF) or b"\0" in start  # another kind than ELF may be registered with binfmt_misc
