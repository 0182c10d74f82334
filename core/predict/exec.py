"""What becomes of a process's capabilities at execve, rule by rule, as the kernel has it.

Source: capabilities(7); bprm_fill_uid in fs/exec.c; cap_bprm_creds_from_file, get_file_caps, rootid_owns_currentns and
handle_privileged_root in security/commoncap.c, Linux 6.18. The order of the steps is the kernel's. For older kernels (before "exec: Correct
the permission check for unsafe exec") an execve changed an id already where the new effective ids were not the real ones.
"""

from __future__ import annotations

import dataclasses
from typing import Final

from core.knowledge.capabilities import capability_names
from core.policy.securebits import SECUREBITS
from core.predict.credentials import Credentials, Sets, inside
from core.predict.file_capabilities import FileCapabilities
from core.predict.program import Program

_SETUID: Final = 1 << 7
_NOROOT: Final = SECUREBITS["noroot"]
_KEEP_CAPS: Final = SECUREBITS["keep-caps"]


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """A rule that made a change, or that kept one from being made."""

    sentence: str
    sets: tuple[str, ...] = ()
    """Those that it speaks of, by their names in `core.predict.credentials.SETS`."""

    def __str__(self) -> str:
        return self.sentence


@dataclasses.dataclass(frozen=True, slots=True)
class Prediction:
    """An execve, before it happens."""

    before: Credentials
    after: Credentials | None
    """None: the kernel will refuse the execve with EPERM."""
    rules: tuple[Rule, ...]
    """In the kernel's order."""
    lacking: int = 0
    """Where it will refuse: the capabilities that the file promises and the bounding set lacks, bit n for capability n."""
    secure: bool = False
    """Whether the program is told that it is privileged (AT_SECURE), so that the loader and libc distrust its environment."""


def predict(before: Credentials, program: Program, last_capability: int, *, unprivileged_tracer: bool = False) -> Prediction:
    """What `before` becomes when it executes `program`.

    `unprivileged_tracer`: it is traced, by a process without SYS_PTRACE over it.
    """
    return _Exec(before, program, (2 << last_capability) - 1, unprivileged_tracer).run()


class _Exec:
    """The kernel's steps over one set of new credentials."""

    def __init__(self, before: Credentials, program: Program, everything: int, unprivileged_tracer: bool) -> None:
        self._before = before
        self._program = program
        self._everything = everything
        self._unprivileged_tracer = unprivileged_tracer
        self._rules: list[Rule] = []
        self._euid, self._egid = before.euid, before.egid
        self._permitted = 0
        self._ambient = before.sets.ambient
        self._effective_bit = False
        self._id_changed = False

    def run(self) -> Prediction:
        before, sets = self._before, self._before.sets
        if self._program.script is not None:
            self._say(
                f"{self._program.script} is a script: the kernel takes bits and capabilities from its interpreter {self._program.path}"
            )
        self._setuid_and_setgid()
        self._id_changed = self._euid != before.euid or not (self._egid == before.egid or self._egid in before.groups)
        file = self._file_capabilities()
        if file is not None and (lacking := self._take_file(file)):
            return Prediction(before, None, tuple(self._rules), lacking)
        self._privileged_root(file)
        self._no_gain()
        self._clear_ambient(file)
        permitted = self._permitted | self._ambient
        if self._ambient:
            self._say(f"ambient capabilities are added to the permitted set: {_list(self._ambient)}", "permitted")
        effective = permitted if self._effective_bit else self._ambient
        self._explain_effective(permitted, effective)
        securebits = before.securebits & ~_KEEP_CAPS
        if securebits != before.securebits:
            self._say("the securebit keep-caps is cleared by every execve")
        after = dataclasses.replace(
            before,
            sets=Sets(sets.bounding, permitted, effective, sets.inheritable, self._ambient),
            euid=self._euid,
            suid=self._euid,
            egid=self._egid,
            sgid=self._egid,
            securebits=securebits,
        )
        return Prediction(before, after, tuple(self._rules), secure=self._is_secure(permitted))

    def _say(self, sentence: str, *sets: str) -> None:
        self._rules.append(Rule(sentence, sets))

    def _setuid_and_setgid(self) -> None:
        """bprm_fill_uid."""
        program, before = self._program, self._before
        if not (program.setuid or program.setgid):
            return
        if program.nosuid:
            self._say(f"{program.path} has a setuid or setgid bit, but its mount is nosuid: it is ignored")
        elif before.no_new_privs:
            self._say(f"{program.path} has a setuid or setgid bit, but no_new_privs is set: it is ignored")
        elif (owner := inside(program.owner, before.uid_map)) is None or (group := inside(program.group, before.gid_map)) is None:
            self._say(f"{program.path} has a setuid or setgid bit, but its owner has no mapping in the user namespace: it is ignored")
        else:
            if program.setuid:
                self._euid = owner
                self._say(f"{program.path} is setuid: the effective uid becomes {owner}")
            if program.setgid:
                self._egid = group
                self._say(f"{program.path} is setgid: the effective gid becomes {group}")

    def _file_capabilities(self) -> FileCapabilities | None:
        """get_file_caps, as far as whether they count; None where they do not."""
        program = self._program
        file = program.capabilities
        if file is None:
            return None
        if program.nosuid:
            self._say(f"{program.path} has file capabilities, but its mount is nosuid: they are ignored", "permitted")
            return None
        if file.root and inside(file.root, self._before.uid_map) != 0:
            self._say(
                f"{program.path} has file capabilities only for user namespaces whose root is uid {file.root}: they are ignored here",
                "permitted",
            )
            return None
        return file

    def _take_file(self, file: FileCapabilities) -> int:
        """bprm_caps_from_vfs_caps. What is lacking, so that the execve fails."""
        sets = self._before.sets
        granted = file.permitted & self._everything
        from_bounding, from_inheritable = sets.bounding & granted, sets.inheritable & file.inheritable & self._everything
        self._permitted = from_bounding | from_inheritable
        self._effective_bit = file.effective
        if from_bounding:
            self._say(f"file capabilities within the bounding set become permitted: {_list(from_bounding)}", "permitted")
        if from_inheritable:
            self._say(f"what both the file and the process have inheritable becomes permitted: {_list(from_inheritable)}", "permitted")
        missing = granted & ~self._permitted
        if missing and file.effective:
            self._say(
                f"the file's effective bit promises {_list(missing)}, which the bounding set lacks: execve fails with EPERM", "permitted"
            )
            return missing
        if missing:
            self._say(
                f"the file grants {_list(missing)}, but the bounding set lacks {'it' if missing.bit_count() == 1 else 'them'}", "permitted"
            )
        return 0

    def _privileged_root(self, file: FileCapabilities | None) -> None:
        """handle_privileged_root."""
        before = self._before
        if 0 not in (self._euid, before.uid):
            return
        if before.securebits & _NOROOT:
            self._say("the securebit noroot is set: uid 0 gives no capabilities", "permitted")
            return
        if file is not None and self._euid == 0 and before.uid != 0:
            self._say("the file is setuid root and has capabilities: only its capabilities count", "permitted")
            return
        self._permitted = before.sets.bounding | before.sets.inheritable
        who = "the effective uid is 0" if self._euid == 0 else "the real uid is 0"
        self._say(f"{who}: everything in the bounding and inheritable sets becomes permitted: {_list(self._permitted)}", "permitted")
        if self._euid == 0:
            self._effective_bit = True

    def _no_gain(self) -> None:
        """What keeps a traced or no_new_privs process from gaining."""
        before = self._before
        gained = self._permitted & ~before.sets.permitted
        if not (self._id_changed or gained) or not (before.no_new_privs or self._unprivileged_tracer):
            return
        why = "no_new_privs is set" if before.no_new_privs else "its tracer has no SYS_PTRACE over it"
        if before.no_new_privs or not before.sets.effective & _SETUID:
            if (self._euid, self._egid) != (before.uid, before.gid):
                self._say(f"{why}: the effective ids go back to the real ones")
            self._euid, self._egid = before.uid, before.gid
        if gained:
            self._say(f"{why}: nothing is gained: not {_list(gained)}", "permitted")
        self._permitted &= before.sets.permitted

    def _clear_ambient(self, file: FileCapabilities | None) -> None:
        if self._ambient and (file is not None or self._id_changed):
            why = "has file capabilities" if file is not None else "changes an id"
            self._say(f"the ambient set is cleared, since the file {why}", "ambient")
            self._ambient = 0

    def _explain_effective(self, permitted: int, effective: int) -> None:
        before = self._before.sets
        if lost := before.permitted & ~permitted:
            self._say(f"lost at exec, being neither ambient nor given by the file or by uid 0: {_list(lost)}", "permitted", "effective")
        if permitted and self._effective_bit:
            self._say("all that is permitted becomes effective", "effective")
        elif dormant := permitted & ~effective:
            self._say(f"permitted but not effective until the program raises it: {_list(dormant)}", "effective")
        elif effective & ~before.effective:
            self._say("what is ambient becomes effective", "effective")

    def _is_secure(self, permitted: int) -> bool:
        before = self._before
        grew = self._effective_bit or bool(permitted & ~self._ambient)
        secure = self._id_changed or self._euid != before.uid or self._egid != before.gid or (before.uid != 0 and grew)
        if secure:
            self._say("the program is told that it is privileged (AT_SECURE): the loader ignores LD_PRELOAD and the like")
        return secure


def _list(mask: int) -> str:
    names = capability_names(mask)
    return ", ".join(names) if len(names) <= 6 else f"{len(names)} capabilities"
