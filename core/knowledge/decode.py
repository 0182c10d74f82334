"""A call's arguments and result as text, as strace users expect them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from core.knowledge.arguments import Formatter, formatter, hexadecimal, octal
from core.knowledge.captures import readings
from core.knowledge.dependent import REWRITES, Rewrite
from core.knowledge.errnos import MAX_ERRNO, errno_name
from core.knowledge.quote import quote
from core.knowledge.structures import LAYOUTS
from core.knowledge.syscalls import arch_name, name, syscall
from core.observer.wire import CaptureKind

_ADDRESS_RESULTS: Final = frozenset({"mmap", "mmap2", "brk", "mremap", "shmat", "map_shadow_stack"})
_ARGUMENTS: Final = 6
# As plain integers: looking up and comparing enum members takes longer than all else here.
_STRING: Final = int(CaptureKind.STRING)
_POINTERS: Final = int(CaptureKind.POINTERS)


class Captured(Protocol):
    """What one argument points to, as far as it was read."""

    @property
    def kind(self) -> int:
        """wire.CaptureKind."""

    @property
    def data(self) -> bytes: ...

    @property
    def truncated(self) -> bool:
        """The target's data goes on."""

    @property
    def failed(self) -> bool:
        """The memory could not be read; there is no data."""


class _Decoder(NamedTuple):
    formatters: tuple[Formatter, ...]
    layouts: Mapping[int, str]
    rewrite: Rewrite | None


def decode_arguments(arch: int, nr: int, args: Sequence[int], captures: Mapping[int, Captured], ret: int | None = None) -> str:  # noqa: ARG001  # a result may come to decide what an argument meant
    """The arguments of a call, without parentheses: `AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC`.

    `args`: six registers, unsigned; `captures` by the argument's index. What has no symbol is hexadecimal, what was not captured is a pointer.
    """
    if captures:
        return _decode(arch, nr, args, captures)
    return _decode_plain(arch, nr, tuple(args))


def decode_result(arch: int, nr: int, ret: int) -> str:
    """What a call returned: "3", "0x7f5e2c000000" for those that return addresses, "EPERM"."""
    if -MAX_ERRNO <= ret < 0:
        return errno_name(-ret)
    call = name(arch, nr)
    if call in _ADDRESS_RESULTS:
        return hexadecimal(ret & 0xFFFFFFFFFFFFFFFF)
    return octal(ret) if call == "umask" else str(ret)


@functools.lru_cache(4096)
def _decode_plain(arch: int, nr: int, args: tuple[int, ...]) -> str:
    return _decode(arch, nr, args, {})


def _decode(arch: int, nr: int, args: Sequence[int], captures: Mapping[int, Captured]) -> str:
    formatters, layouts, rewrite = _decoder(arch, nr)
    words = [write(value) for write, value in zip(formatters, args, strict=False)]
    for index, captured in captures.items():
        if not captured.failed and index < len(words) and args[index]:
            words[index] = _captured(captured, layouts.get(index, "")) or words[index]
    return ", ".join(rewrite(args, words) if rewrite else words)


def _captured(captured: Captured, layout: str) -> str | None:
    if captured.kind == _STRING:
        return quote(captured.data, more=captured.truncated)
    if captured.kind == _POINTERS:
        return _strings(captured.data, truncated=captured.truncated)
    reader: Callable[[bytes], str | None] | None = LAYOUTS.get(layout)
    if reader is None:
        return quote(captured.data, more=captured.truncated)
    return reader(captured.data)


def _strings(data: bytes, *, truncated: bool) -> str:
    *whole, rest = data.split(bytes(1))
    words = [quote(word) for word in whole]
    if rest:
        words.append(quote(rest, more=True))
    if truncated:
        words.append("...")
    return f"[{', '.join(words)}]"


@functools.lru_cache(2048)
def _decoder(arch: int, nr: int) -> _Decoder:
    call = syscall(arch, nr)
    if call is None:
        return _Decoder((hexadecimal,) * _ARGUMENTS, {}, None)
    key = arch_name(arch, nr)
    wide = key != "x86"
    formatters = tuple(formatter(call, index, wide=wide) for index in range(len(call.parameters)))
    layouts = {reading.argument: reading.layout for reading in readings(call)}
    return _Decoder(formatters, layouts, REWRITES.get(f"{key}:{call.name}", REWRITES.get(call.name)))
