"""What structures about files say, in strace's words and as short: stat, statx, statfs, vectors, waiting for descriptors."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from core.knowledge.arguments import pointer
from core.knowledge.constants import constant_set
from core.knowledge.fields import Layout, device_text, file_times, is_device, mode_text, signed_at, unsigned_at

_STAT_SIZE: Final = 56
_STATX_SIZE: Final = 48
_STATFS_SIZE: Final = 88
_VECTOR: Final = struct.Struct("<QQ")
_POLLED: Final = struct.Struct("<ihh")
_EPOLL_EVENT: Final = struct.Struct("<IQ")
_MESSAGE: Final = struct.Struct("<QI4xQQQQI4x")
_WINDOW: Final = struct.Struct("<4H")
_TERMINAL: Final = struct.Struct("<4I")
_SHOWN: Final = 32
"""Elements of an array that are worth their room, as in strace."""


def stat(data: bytes) -> str | None:
    """The start of x86_64's struct stat: type, permissions, and the size, or which device it is."""
    if len(data) < _STAT_SIZE:
        return None
    mode, device = unsigned_at(data, 24, 4), unsigned_at(data, 40, 8)
    if is_device(mode):
        what = f"st_rdev={device_text(device >> 8 & 0xFFF, device & 0xFF | device >> 12 & 0xFFF00)}"
    else:
        what = f"st_size={signed_at(data, 48, 8)}"
    return f"{{st_mode={mode_text(mode)}, {what}, ...}}"


def statx(data: bytes) -> str | None:
    """The start of a struct statx."""
    if len(data) < _STATX_SIZE:
        return None
    mask, mode = constant_set("statx_mask").describe(unsigned_at(data, 0, 4)), unsigned_at(data, 28, 2)
    attributes = constant_set("statx_attributes").describe(unsigned_at(data, 8, 8))
    return f"{{stx_mask={mask}, stx_attributes={attributes}, stx_mode={mode_text(mode)}, stx_size={unsigned_at(data, 40, 8)}, ...}}"


def statfs(data: bytes) -> str | None:
    """The start of x86_64's struct statfs: which file system, and how full it is."""
    if len(data) < _STATFS_SIZE:
        return None
    fields = ("f_bsize", "f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree")
    words = [f"{name}={unsigned_at(data, 8 * place, 8)}" for place, name in enumerate(fields, 1)]
    return f"{{f_type={constant_set('filesystem').describe(unsigned_at(data, 0, 8))}, {', '.join(words)}, ...}}"


def vectors(data: bytes) -> str | None:
    """An array of struct iovec: where, and how many bytes."""
    return _array(data, _VECTOR, lambda base, length: f"{{iov_base={pointer(base)}, iov_len={length}}}")


def polled(data: bytes) -> str | None:
    """An array of struct pollfd; what came is only shown where something did."""

    def one(descriptor: int, events: int, came: int) -> str:
        words = f"fd={descriptor}" if descriptor < 0 else f"fd={descriptor}, events={_polling(events)}"
        return f"{{{words}, revents={_polling(came)}}}" if came and descriptor >= 0 else f"{{{words}}}"

    return _array(data, _POLLED, one)


def epoll_events(data: bytes) -> str | None:
    """An array of struct epoll_event."""
    return _array(data, _EPOLL_EVENT, _epoll)


def epoll_event(data: bytes) -> str | None:
    return _epoll(*_EPOLL_EVENT.unpack_from(data)) if len(data) >= _EPOLL_EVENT.size else None


def descriptor_set(data: bytes) -> str | None:
    """An fd_set."""
    if not data:
        return None
    bits = int.from_bytes(data, "little")
    return f"[{' '.join(str(place) for place in range(bits.bit_length()) if bits >> place & 1)}]"


def message(data: bytes) -> str | None:
    """A struct msghdr, in short: what it points to is not read."""
    if len(data) < _MESSAGE.size:
        return None
    name, name_length, vector, count, control, control_length, flags = _MESSAGE.unpack_from(data)
    words = [f"msg_name={pointer(name)}, msg_namelen={name_length}, msg_iov={pointer(vector)}, msg_iovlen={count}"]
    if control_length:
        words.append(f"msg_control={pointer(control)}")
    words.append(f"msg_controllen={control_length}, msg_flags={constant_set('message_flags').describe(flags)}")
    return f"{{{', '.join(words)}}}"


def window_size(data: bytes) -> str | None:
    """A struct winsize."""
    if len(data) < _WINDOW.size:
        return None
    rows, columns, width, height = _WINDOW.unpack_from(data)
    return f"{{ws_row={rows}, ws_col={columns}, ws_xpixel={width}, ws_ypixel={height}}}"


def terminal(data: bytes) -> str | None:
    """The flags of a struct termios."""
    if len(data) < _TERMINAL.size:
        return None
    return "{{c_iflag={:#x}, c_oflag={:#x}, c_cflag={:#x}, c_lflag={:#x}, ...}}".format(*_TERMINAL.unpack_from(data))


def _array(data: bytes, element: struct.Struct, one: Callable[..., str]) -> str | None:
    if len(data) % element.size:
        return None
    words = [one(*values) for values in element.iter_unpack(data[: _SHOWN * element.size])]
    return f"[{', '.join(words)}{', ...' if len(data) > _SHOWN * element.size else ''}]"


def _polling(events: int) -> str:
    return constant_set("poll_events").describe(events & 0xFFFF)


def _epoll(events: int, value: int) -> str:
    return f"{{events={constant_set('epoll_events').describe(events)}, data={{u32={value & 0xFFFFFFFF}, u64={value}}}}}"


FILE_LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {
        "stat": stat,
        "statx": statx,
        "statfs": statfs,
        "vectors": vectors,
        "polled": polled,
        "epoll-event": epoll_event,
        "epoll-events": epoll_events,
        "descriptor-set": descriptor_set,
        "message": message,
        "window-size": window_size,
        "terminal": terminal,
        "file-times": file_times,
    }
)
"""Those whose layout stands in resources/captures/captures.tsv, or is chosen by an ioctl's request."""
