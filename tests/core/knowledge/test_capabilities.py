"""What is said of capabilities: whole, true as far as the kernel can be asked, and short enough."""

import re
from pathlib import Path

import pytest

from core.knowledge.capabilities import BY_NAME, CAPABILITIES, NAMES, capability_name, parse_capability
from core.knowledge.noise import plain_name
from core.knowledge.privileged_calls import privileged_forms
from core.knowledge.syscalls import ARCHES, names, number
from tests.support.privilege import require

HEADER = Path("/usr/include/linux/capability.h")
ELSEWHERE = {
    # Inlined by this compiler, in a module, or not configured: not in the symbols of the kernel on which the table was checked.
    "__do_sys_delete_module", "__do_sys_finit_module", "__do_sys_init_module", "aa_policy_admin_capable", "atalk_create", "audit_netlink_ok",
    "audit_set_loginuid_perm", "can_create", "check_same_owner", "__do_sys_epoll_ctl", "fileattr_set_prepare", "genl_family_rcv_msg",
    "i915_perf_open_ioctl", "ieee802154_create", "inet_port_requires_bind_service", "init_module_from_file", "io_ring_ctx_alloc",
    "ioctl_fibmap", "kbd_ioctl", "kexec_load_permitted", "may_decode_fh", "may_init_module", "msr_open", "new_idmap_permitted",
    "ntp_validate_timex", "open_kcore", "open_port", "perf_allow_cpu", "perf_allow_tracepoint", "pipe_set_size", "policy_admin_capable",
    "ptrace_has_cap", "rtc_dev_ioctl", "scsi_cmd_allowed", "sctp_do_bind", "seccomp_prepare_user_filter", "set_target_pid",
    "smack_privileged", "smack_privileged_cred", "timekeeping_validate_timex", "tiocsti", "tun_set_iff", "userfaultfd_syscall_allowed",
}  # fmt: skip


def test_all_are_there_in_order() -> None:
    assert [capability.name for capability in CAPABILITIES] == [*NAMES]
    assert [capability.number for capability in CAPABILITIES] == list(range(41))
    assert BY_NAME["NET_RAW"].number == 13


def test_numbers_are_the_headers() -> None:
    require(HEADER.exists(), "the kernel's headers are not installed: the numbers are compared with them")
    found = re.findall(r"^#define CAP_(\w+)\s+(\d+)$", HEADER.read_text(encoding="utf-8"), re.MULTILINE)
    assert [(name, int(number)) for name, number in found] == [(name, number) for number, name in enumerate(NAMES)]


def test_the_kernel_knows_no_more() -> None:
    assert int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="utf-8")) < len(NAMES)


def test_each_entry_is_whole() -> None:
    for capability in CAPABILITIES:
        assert 0 < len(capability.governs) <= 60, capability.name
        assert 1 <= capability.summary.count(". ") + 1 <= 3, capability.name
        assert capability.summary.endswith("."), capability.name
        assert capability.source, capability.name
        assert capability.root_equivalent == (capability.risk == "root") == bool(capability.path_to_root), capability.name
        for call in capability.calls:
            assert any(number(arch, call) is not None for arch in ARCHES), f"{capability.name}: {call}"


def test_the_functions_are_in_the_kernel() -> None:
    symbols = {plain_name(line.split()[2]) for line in Path("/proc/kallsyms").read_text(encoding="utf-8").splitlines()}
    require("cap_capable" in symbols, "this kernel lists no symbols")
    named = {function for capability in CAPABILITIES for function in capability.functions}
    missing = named - symbols - ELSEWHERE
    # Another kernel inlines others; most must be there all the same.
    assert len(missing) < len(named) // 5, missing


def test_the_calls_by_which_verdicts_are_inferred_are_among_those_that_ask() -> None:
    forms = [form for arch in ARCHES for call in names(arch) for form in privileged_forms(call)]
    assert forms
    missing = {(form.call, NAMES[number]) for form in forms for number in form.capabilities if form.call not in CAPABILITIES[number].calls}
    assert missing == set()


def test_those_that_lead_to_root() -> None:
    roots = {capability.name for capability in CAPABILITIES if capability.root_equivalent}
    assert roots >= {
        "SYS_ADMIN",
        "SYS_MODULE",
        "SYS_RAWIO",
        "SYS_PTRACE",
        "DAC_OVERRIDE",
        "SETUID",
        "SETFCAP",
        "CHOWN",
        "FOWNER",
        "MKNOD",
        "SYS_CHROOT",
        "BPF",
    }
    assert "KILL" not in roots


@pytest.mark.parametrize("text", ["CAP_NET_RAW", "NET_RAW", "net_raw", "cap_net_raw", " 13 "])
def test_every_spelling(text: str) -> None:
    assert parse_capability(text) == 13


@pytest.mark.parametrize(
    ("text", "hint"),
    [("NET_RWA", "did you mean NET_RAW"), ("SYSADMIN", "SYS_ADMIN"), ("", "such as NET_RAW"), ("64", "not a capability"), ("-1", "not")],
)
def test_what_is_none_is_named_with_what_was_meant(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint) as caught:
        parse_capability(text)
    assert repr(text) in str(caught.value)


def test_a_number_without_a_name_is_its_own() -> None:
    assert capability_name(13) == "NET_RAW"
    assert capability_name(55) == "55"
    assert capability_name(-1) == "-1"
