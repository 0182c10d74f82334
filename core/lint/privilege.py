"""What loading a filter takes: no_new_privs, or SYS_ADMIN."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from core.knowledge.capabilities import parse_capability
from core.lint.finding import Finding, Fix, Severity
from core.policy.model import Capabilities, Policy


def check(policy: Policy) -> Iterator[Finding]:
    """Only where there is a filter and no_new_privs is off."""
    if policy.seccomp.mode != "filter" or policy.identity.no_new_privs:
        return
    lacks = policy.capabilities is not None and _lacks_sys_admin(policy.capabilities)
    message = (
        "The kernel lets a process load a filter only under no_new_privs or with SYS_ADMIN"
        + (", and this policy gives the target neither" if lacks else ", so this policy runs only for a target that holds SYS_ADMIN")
        + ". A setuid program that it starts is filtered too, with more privilege than the filter was made for."
    )
    fixed = msgspec.structs.replace(policy, identity=msgspec.structs.replace(policy.identity, no_new_privs=True))
    severity: Severity = "error" if lacks and policy.seccomp.judge_from != "execve" else "warning"
    yield Finding("filter-needs-privilege", severity, None, message, Fix("Set no_new_privs = true.", fixed))


def _lacks_sys_admin(capabilities: Capabilities) -> bool:
    if capabilities.keep is not None:
        return not _has(capabilities.keep)
    if capabilities.drop is not None:
        return _has(capabilities.drop)
    return any(names is not None and not _has(names) for names in (capabilities.permitted, capabilities.effective))


def _has(names: tuple[str, ...]) -> bool:
    return any(name == "ALL" or parse_capability(name) == parse_capability("SYS_ADMIN") for name in names)
