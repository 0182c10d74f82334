"""What each part of a policy's identity means for the run, as sentences."""

from __future__ import annotations

from core.policy.model import Identity, Policy


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
        return "It holds every capability, but against its own namespace only: chroot or mounting there works, setting the clock does not."
    return "Capabilities count against the whole machine."


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
