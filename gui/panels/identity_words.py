"""What each part of a policy's identity means for the run, as sentences."""

from __future__ import annotations

from core.policy.id_maps import Kind
from core.policy.model import Identity, IdMap, Policy


def user_sentence(identity: Identity) -> str:
    """Whom the target runs as, and what that takes."""
    if identity.user_namespace:
        return f"Inside the namespace it is {_name(identity.user)}; outside, its files and signals are still yours."
    match identity.user:
        case "me":
            return "As whoever started Gatescope. Needs no privilege."
        case "root" | 0:
            return "As uid 0: root's files, and after exec every capability that the panel “Capabilities” leaves. Takes an observer that runs as root."
        case _:
            return f"As {_name(identity.user)}, with that user's files and groups. Takes an observer that runs as root, unless that is you."


def group_sentence(identity: Identity) -> str:
    """The group and the supplementary groups."""
    if identity.group is None and identity.groups is None:
        return "The user's own groups, as a login gives them."
    group = "the user's own group" if identity.group is None else f"group {identity.group}"
    if identity.groups is None:
        rest = "the user's other groups"
    else:
        rest = f"only {', '.join(map(str, identity.groups))} besides" if identity.groups else "no other group"
    return f"With {group}, and {rest}. Needs SETGID at the observer."


def namespace_sentence(identity: Identity) -> str:
    """What a user namespace gives and keeps away."""
    if identity.user_namespace:
        return (
            "Whoever makes one holds every capability in it, an ordinary user too, but against what belongs to that namespace only: chroot or "
            "mounting there works, setting the clock, or a file of somebody who is not mapped, does not."
        )
    return "Capabilities count against the whole machine."


def map_sentence(kind: Kind, lines: IdMap | None) -> str:
    """Which ids there are in the namespace, and what others look like there."""
    if lines is None:
        return f"The target's own {kind} alone. Without SET{kind.upper()} at the observer, it can only stand for yours."
    count = sum(count for _, _, count in lines)
    return f"{count} {kind}{'' if count == 1 else 's'} in it; whoever is not mapped looks like 65534 inside. Without SET{kind.upper()}: one line, your own {kind}."


def no_new_privs_sentence(policy: Policy) -> str:
    """What no_new_privs does to exec and to seccomp."""
    if policy.identity.no_new_privs:
        return "setuid programs and file capabilities give nothing: ping or sudo run with what the target has. Anybody may load a filter."
    loads = "The filter of this policy can then be loaded only by a target that holds SYS_ADMIN." if policy.seccomp.mode == "filter" else ""
    return f"setuid programs and file capabilities work as usual. {loads}".strip()


def _name(user: str | int) -> str:
    if user == "me":
        return "you"
    return f"uid {user}" if isinstance(user, int) else user
