"""Who asked, and which answers decide nothing; stacks as a 6.18 kernel gave them."""

import pytest

from core.knowledge.capabilities import CAPABILITIES, parse_capability
from core.knowledge.noise import alternative_groups, alternatives, asking_function, function_purpose, is_noise, is_wrapper, plain_name

RAW_SOCKET = ("security_capable", "ns_capable", "inet_create", "__sock_create", "__sys_socket", "__x64_sys_socket", "do_syscall_64")


@pytest.mark.parametrize(
    ("functions", "asker"),
    [
        (RAW_SOCKET, "inet_create"),
        (("inet_create.isra.0+0x1c5", "__sock_create"), "inet_create"),
        (("capable_wrt_inode_uidgid", "generic_permission", "inode_permission"), "generic_permission"),
        (("ns_capable_noaudit", "ptracer_capable", "__ptrace_may_access"), "__ptrace_may_access"),
        (("__netlink_ns_capable", "netlink_capable", "rtnetlink_rcv_msg"), "rtnetlink_rcv_msg"),
        (("0xffffffff81234567", "do_syscall_64"), "0xffffffff81234567"),
        (("security_capable", "ns_capable"), "ns_capable"),
        ((), ""),
    ],
)
def test_the_asking_function(functions: tuple[str, ...], asker: str) -> None:
    assert asking_function(functions) == asker


@pytest.mark.parametrize(
    ("functions", "noise"),
    [
        (RAW_SOCKET, False),
        (("security_vm_enough_memory_mm", "mmap_region"), True),
        (("cap_vm_enough_memory", "security_vm_enough_memory_mm", "mmap_region"), True),
        (("has_ns_capability_noaudit", "anything"), True),
        (("security_capable", "ns_capable_noaudit.part.0", "anything"), True),
        (("kallsyms_show_value", "kallsyms_open"), True),
        (("capable_wrt_inode_uidgid", "setattr_copy", "ext4_setattr"), True),
        (("ns_capable", "may_mount", "security_vm_enough_memory_mm"), False),
        ((), False),
    ],
)
def test_noise(functions: tuple[str, ...], noise: bool) -> None:
    assert is_noise(functions) is noise


def test_names_without_what_the_compiler_adds() -> None:
    assert plain_name("do_syslog.part.0+0x1c") == "do_syslog"
    assert plain_name("capable.cold") == "capable"
    assert is_wrapper("ns_capable.constprop.0")
    assert not is_wrapper("inet_create")


def test_what_a_function_is_for() -> None:
    assert function_purpose("inet_create") == "opening a raw IPv4 socket"
    assert "Yama" in function_purpose("yama_ptrace_access_check")
    assert function_purpose("nobody_knows") == ""
    for capability in CAPABILITIES:
        for function in capability.functions:
            assert function_purpose(function), function
            assert asking_function((function,)) == function


def _numbers(*names: str) -> tuple[int, ...]:
    return tuple(parse_capability(name) for name in names)


@pytest.mark.parametrize(
    ("capability", "function", "others"),
    [
        ("DAC_READ_SEARCH", "generic_permission", ("DAC_OVERRIDE",)),
        ("DAC_OVERRIDE", "generic_permission", ("DAC_READ_SEARCH",)),
        ("PERFMON", "perf_allow_kernel", ("SYS_ADMIN",)),
        ("SYS_NICE", "ioprio_check_cap", ("SYS_ADMIN",)),
        ("SYS_ADMIN", "ioprio_check_cap", ("SYS_NICE",)),
        ("SYS_ADMIN", "path_mount", ()),
        ("SYS_NICE", "can_nice", ()),
        ("NET_RAW", "inet_create", ()),
    ],
)
def test_alternatives(capability: str, function: str, others: tuple[str, ...]) -> None:
    assert alternatives(parse_capability(capability), function) == _numbers(*others)


def test_every_group_has_a_source_and_more_than_one_capability() -> None:
    for group in alternative_groups():
        assert group.source
        assert len(group.capabilities) > 1
