"""Structures about files, as C lays them out."""

from __future__ import annotations

import struct

import pytest

from core.knowledge.structures import LAYOUTS, requested_layout


def stat(mode: int, size: int = 0, device: int = 0) -> bytes:
    return struct.pack("<QQQIIIIQq", 1, 2, 1, mode, 0, 0, 0, device, size)


@pytest.mark.parametrize(
    ("layout", "data", "text"),
    [
        ("stat", stat(0o100644, 37), "{st_mode=S_IFREG|0644, st_size=37, ...}"),
        ("stat", stat(0o41777, 4096), "{st_mode=S_IFDIR|S_ISVTX|0777, st_size=4096, ...}"),
        ("stat", stat(0o104755, 1), "{st_mode=S_IFREG|S_ISUID|0755, st_size=1, ...}"),
        ("stat", stat(0o20666, device=0x103), "{st_mode=S_IFCHR|0666, st_rdev=makedev(0x1, 0x3), ...}"),
        (
            "statx",
            struct.pack("<IIQIIIHHQQ", 0x7FF, 4096, 0x2000, 1, 0, 0, 0o40755, 0, 5, 4096),
            "{stx_mask=STATX_BASIC_STATS, stx_attributes=STATX_ATTR_MOUNT_ROOT, stx_mode=S_IFDIR|0755, stx_size=4096, ...}",
        ),
        (
            "statfs",
            struct.pack("<11Q", 0x1021994, 4096, 9, 8, 7, 6, 5, 0, 255, 4096, 0),
            "{f_type=TMPFS_MAGIC, f_bsize=4096, f_blocks=9, f_bfree=8, f_bavail=7, f_files=6, f_ffree=5, ...}",
        ),
        ("vectors", struct.pack("<4Q", 0x1000, 5, 0, 0), "[{iov_base=0x1000, iov_len=5}, {iov_base=NULL, iov_len=0}]"),
        ("polled", struct.pack("<ihhihh", 3, 1, 0, -1, 1, 1), "[{fd=3, events=POLLIN}, {fd=-1}]"),
        ("polled", struct.pack("<ihh", 3, 5, 4), "[{fd=3, events=POLLIN|POLLOUT, revents=POLLOUT}]"),
        ("polled", struct.pack("<ihh", 3, 1, 0) * 33, "[" + "{fd=3, events=POLLIN}, " * 32 + "...]"),
        ("epoll-event", struct.pack("<IQ", 1, 6), "{events=EPOLLIN, data={u32=6, u64=6}}"),
        ("epoll-events", struct.pack("<IQ", 1, 2**32 + 6), "[{events=EPOLLIN, data={u32=6, u64=4294967302}}]"),
        ("descriptor-set", bytes([0b1001, 1]), "[0 3 8]"),
        ("descriptor-set", bytes(128), "[]"),
        (
            "message",
            struct.pack("<QI4xQQQQI4x", 0, 0, 0x1000, 2, 0, 0, 0x20),
            "{msg_name=NULL, msg_namelen=0, msg_iov=0x1000, msg_iovlen=2, msg_controllen=0, msg_flags=MSG_TRUNC}",
        ),
        ("window-size", struct.pack("<4H", 24, 80, 0, 0), "{ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0}"),
        ("terminal", struct.pack("<4I", 0x500, 5, 0xBF, 0x8A3B), "{c_iflag=0x500, c_oflag=0x5, c_cflag=0xbf, c_lflag=0x8a3b, ...}"),
        ("file-times", struct.pack("<4q", 1, 2, 0, 0x3FFFFFFE), "[{tv_sec=1, tv_nsec=2}, UTIME_OMIT]"),
    ],
)
def test_words(layout: str, data: bytes, text: str) -> None:
    assert LAYOUTS[layout](data) == text


def test_what_a_request_of_ioctl_points_to() -> None:
    assert requested_layout(0x5413, failed=False) == "window-size"
    assert requested_layout(0x5413, failed=True) == ""  # the kernel did not fill it in
    assert requested_layout(0x5414, failed=True) == "window-size"  # TIOCSWINSZ says it to the kernel
    assert requested_layout(0x12345678, failed=False) == ""
