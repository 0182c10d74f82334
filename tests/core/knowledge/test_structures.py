"""Structures as Python's socket module and the system's C compiler lay them out."""

import socket
import struct

import pytest

from core.knowledge.fields import timespec
from core.knowledge.structures import LAYOUTS, clone_arguments, descriptors, open_how, resource_limit, socket_address


def _internet(port: int, address: str) -> bytes:
    return struct.pack("<H", socket.AF_INET) + struct.pack(">H", port) + socket.inet_aton(address) + bytes(8)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (_internet(80, "10.0.0.1"), '{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("10.0.0.1")}'),
        (
            struct.pack("<H", socket.AF_INET6)
            + struct.pack(">HI", 53, 0)
            + socket.inet_pton(socket.AF_INET6, "fe80::1")
            + struct.pack("<I", 2),
            '{sa_family=AF_INET6, sin6_port=htons(53), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "fe80::1", &sin6_addr), sin6_scope_id=2}',
        ),
        (b"\1\0/run/a socket\0rubbish", '{sa_family=AF_UNIX, sun_path="/run/a socket"}'),
        (b"\1\0\0abstract", '{sa_family=AF_UNIX, sun_path=@"abstract"}'),
        (b"\1\0", "{sa_family=AF_UNIX}"),
        (struct.pack("<HHII", 16, 0, 0, 1), "{sa_family=AF_NETLINK, nl_pid=0, nl_groups=0x00000001}"),
        (
            struct.pack("<H", 17) + struct.pack(">H", 3) + struct.pack("<iHBB8s", 2, 0, 0, 0, bytes(8)),
            "{sa_family=AF_PACKET, sll_protocol=htons(ETH_P_ALL), sll_ifindex=2}",
        ),
        (struct.pack("<H", 0) + bytes(2), r'{sa_family=AF_UNSPEC, sa_data="\0\0"}'),
        (b"\2\0\0", r'{sa_family=AF_INET, sa_data="\0"}'),
    ],
)
def test_socket_addresses(data: bytes, text: str) -> None:
    assert socket_address(data) == text


def test_small_structures() -> None:
    assert timespec(struct.pack("<qq", 1, 500)) == "{tv_sec=1, tv_nsec=500}"
    assert resource_limit(struct.pack("<QQ", 1024, 2**64 - 1)) == "{rlim_cur=1024, rlim_max=RLIM64_INFINITY}"
    assert descriptors(struct.pack("<ii", 3, 4)) == "[3, 4]"
    assert open_how(struct.pack("<QQQ", 0o102, 0o644, 0x48)) == "{flags=O_RDWR|O_CREAT, mode=0644, resolve=RESOLVE_BENEATH|0x40}"
    assert open_how(struct.pack("<QQQ", 0, 0, 0)) == "{flags=O_RDONLY, resolve=0}"
    assert clone_arguments(struct.pack("<8Q", 0x4100, 0, 0, 0, 17, 0x1000, 0x2000, 0)) == (
        "{flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=0x1000, stack_size=0x2000}"
    )


OF_ANY_LENGTH = {"identities", "vectors", "polled", "epoll-events", "descriptor-set", "processors", "text", "socket-option"}


@pytest.mark.parametrize("layout", sorted(LAYOUTS.keys() - OF_ANY_LENGTH))
def test_what_is_cut_off_is_not_guessed_at(layout: str) -> None:
    assert LAYOUTS[layout](b"") is None
    assert LAYOUTS[layout](b"\2") is None


@pytest.mark.parametrize("layout", ["identities", "vectors", "polled", "epoll-events"])
def test_an_array_is_empty_or_whole(layout: str) -> None:
    assert LAYOUTS[layout](b"") == "[]"
    assert LAYOUTS[layout](b"\2") is None
