"""A call's arguments and result as text, as strace users expect them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from core.knowledge.arguments import Formatter, formatter, hexadecimal, is_descriptor, octal
from core.knowledge.captures import Reading, readings
from core.knowledge.dependent import REWRITES, Rewrite
from core.knowledge.errnos import MAX_ERRNO, errno_name
from core.knowledge.quote import quote, quote_bytes
from core.knowledge.structures import LAYOUTS, requested_layout
from core.knowledge.syscalls import arch_name, name, syscall
from core.observer.wire import CaptureKind

_ADDRESS_RESULTS: Final = frozenset({"mmap", "mmap2", "brk", "mremap", "shmat", "map_shadow_stack"})
_ARGUMENTS: Final = 6
# As plain integers: looking up and comparing enum members takes longer than all else here.
_STRING: Final = int(CaptureKind.STRING)
_POINTERS: Final = int(CaptureKind.POINTERS)

_Names = tuple[tuple[int, str], ...]
# Arguments, and what the descriptors in them are open on.


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


Opened = Callable[[int], str | None]
"""What one of the caller's descriptors is open on; None where that is not known."""


class _Decoder(NamedTuple):
    formatters: tuple[Formatter, ...]
    descriptors: tuple[int, ...]
    readings: Mapping[int, Reading]
    rewrite: Rewrite | None


def decode_arguments(
    arch: int, nr: int, args: Sequence[int], captures: Mapping[int, Captured], ret: int | None = None, opened: Opened | None = None
) -> str:
    """The arguments of a call, without parentheses: `AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC`.

    `args`: six registers, unsigned; `captures` by the argument's index; `ret`: None where the call did not return. What has no symbol is
    hexadecimal, what was not captured is a pointer, and so is what the kernel would have written if the call had not failed.
    With `opened`, what a descriptor is open on stands behind it: `3</etc/passwd>`.
    """
    names = _opened(arch, nr, args, opened) if opened is not None else ()
    if captures:
        return _decode(arch, nr, args, captures, names, failed=ret is None or ret < 0)
    return _decode_plain(arch, nr, tuple(args), names)


def unread_pointers(arch: int, nr: int, args: Sequence[int], captures: Mapping[int, Captured]) -> tuple[int, ...]:
    """The arguments that point to something which was not read, whether it was not asked for or could not be."""
    call = syscall(arch, nr)
    pointers = [index for index, parameter in enumerate(call.parameters) if parameter.is_pointer] if call is not None else []
    return tuple(index for index in pointers if args[index] and (index not in captures or captures[index].failed))


def decode_result(arch: int, nr: int, ret: int) -> str:
    """What a call returned: "3", "0x7f5e2c000000" for those that return addresses, "EPERM"."""
    if -MAX_ERRNO <= ret < 0:
        return errno_name(-ret)
    call = name(arch, nr)
    if call in _ADDRESS_RESULTS:
        return hexadecimal(ret & 0xFFFFFFFFFFFFFFFF)
    return octal(ret) if call == "umask" else str(ret)


@functools.lru_cache(4096)
def _decode_plain(arch: int, nr: int, args: tuple[int, ...], names: _Names) -> str:
    return _decode(arch, nr, args, {}, names, failed=False)


def _opened(arch: int, nr: int, args: Sequence[int], opened: Opened) -> _Names:
    names = []
    for index in _decoder(arch, nr).descriptors:
        number = args[index] & 0xFFFFFFFF
        # Negative numbers (AT_FDCWD, -1) are no descriptors.
        if not number >> 31 and (name := opened(number)) is not None:
            names.append((index, name))
    return tuple(names)


def _decode(arch: int, nr: int, args: Sequence[int], captures: Mapping[int, Captured], names: _Names, *, failed: bool) -> str:
    formatters, _, readings, rewrite = _decoder(arch, nr)
    words = [write(value) for write, value in zip(formatters, args, strict=False)]
    for index, captured in captures.items():
        reading = readings.get(index)
        if reading is None or captured.failed or not args[index] or (failed and reading.is_result):
            continue
        layout = requested_layout(args[1], failed=failed) if reading.layout == "ioctl" else reading.layout
        words[index] = _captured(captured, layout, _counted(reading, captures)) or words[index]
    for index, opened in names:
        words[index] += f"<{opened}>"
    return ", ".join(rewrite(args, words) if rewrite else words)


def _captured(captured: Captured, layout: str, count: int | None) -> str | None:
    if captured.kind == _STRING:
        return quote(captured.data, more=captured.truncated)
    if captured.kind == _POINTERS:
        return _strings(captured.data, truncated=captured.truncated)
    if (write := _BYTES.get(layout)) is not None:
        return write(captured.data, more=captured.truncated)
    reader = LAYOUTS.get(layout)
    return reader(captured.data[:count]) if reader else None


_BYTES: Final = {"buffer": quote, "random": quote_bytes}
"""Layouts that are none: what is moved, whatever it is."""


def _counted(reading: Reading, captures: Mapping[int, Captured]) -> int | None:
    counter = captures.get(reading.counter) if reading.counter is not None else None
    return int.from_bytes(counter.data[:4], "little") if counter is not None and counter.data else None


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
        return _Decoder((hexadecimal,) * _ARGUMENTS, (), {}, None)
    key = arch_name(arch, nr)
    wide = key != "x86"
    formatters = tuple(formatter(call, index, wide=wide) for index in range(len(call.parameters)))
    found = {reading.argument: reading for reading in readings(call)}
    descriptors = tuple(index for index, parameter in enumerate(call.parameters) if is_descriptor(parameter))
    return _Decoder(formatters, descriptors, found, REWRITES.get(f"{key}:{call.name}", REWRITES.get(call.name)))
