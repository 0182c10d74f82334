"""Random launches and files that the kernel lets pass up to the execve, for the exec calculator."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from hypothesis import strategies as st

from core.observer.wire import CapabilitySets, LaunchSpec
from core.policy.held import Held
from core.policy.model import IdMap
from core.policy.securebits import NO_CAP_AMBIENT_RAISE
from core.predict.file_capabilities import ATTRIBUTE, FileCapabilities, encode
from tests.core.policy.callers import LAST
from tests.core.policy.launched import NOBODY, STATUS

OTHER = 12345
EVERYTHING = (2 << LAST) - 1
MASKS = st.one_of(st.integers(0, EVERYTHING), st.sampled_from([0, EVERYTHING]))

MAPS: tuple[IdMap, ...] = (
    ((0, 0, 1),),
    ((0, 0, 1), (1, OTHER, 1)),
    ((0, OTHER, 1), (5, 0, 1)),
    ((0, 0, 70000),),
    ((0, NOBODY, 1), (7, OTHER, 3), (20, 0, 1)),
)
"""Of user namespaces; each knows the launcher's own id 0."""

_PLAIN = LaunchSpec(
    executable="",
    argv=STATUS.argv,
    environment=(("LD_SHOW_AUXV", "1"),),
    directory="/",
    engine="ptrace",
    stdio=("pipe", "pipe", "pipe"),
)


@st.composite
def _sets(draw: st.DrawFn, spec: LaunchSpec, held: Held) -> LaunchSpec:
    bounding, permitted = held.bounding & draw(MASKS), held.permitted & draw(MASKS)
    securebits = draw(st.one_of(st.none(), st.integers(0, 255)))
    inheritable = bounding & draw(MASKS)
    no_ambient = (securebits or 0) & NO_CAP_AMBIENT_RAISE
    ambient = 0 if no_ambient else permitted & inheritable & draw(MASKS)
    sets = CapabilitySets(bounding, permitted, permitted & draw(MASKS), inheritable, ambient)
    return dataclasses.replace(spec, capabilities=sets, securebits=securebits, no_new_privs=draw(st.booleans()))


@st.composite
def roots_specs(draw: st.DrawFn, held: Held) -> LaunchSpec:
    """By an observer that runs as root and holds `held`, in its own user namespace."""
    uid = draw(st.sampled_from([None, 0, NOBODY, OTHER]))
    groups = draw(st.sampled_from([None, (), (OTHER,)]))
    return draw(_sets(dataclasses.replace(_PLAIN, uid=uid, gid=uid, groups=groups), held))


@st.composite
def namespace_specs(draw: st.DrawFn) -> LaunchSpec:
    """By an observer that runs as root, in a user namespace of the target's own."""
    id_map = draw(st.sampled_from(MAPS))
    known = [first for first, _, _ in id_map]
    uid, gid = draw(st.sampled_from([None, *known])), draw(st.sampled_from([None, *known]))
    groups = draw(st.sampled_from([(), (known[-1],)]))
    spec = dataclasses.replace(_PLAIN, user_namespace=True, uid_map=id_map, gid_map=id_map, uid=uid, gid=gid, groups=groups)
    return draw(_sets(spec, Held.everything(LAST)))


@st.composite
def ordinary_specs(draw: st.DrawFn) -> LaunchSpec:
    """By an observer that runs as NOBODY, with or without a user namespace, in which it may map its own id alone."""
    spec = dataclasses.replace(_PLAIN, no_new_privs=draw(st.booleans()))
    if draw(st.booleans()):
        return spec
    one: IdMap = ((draw(st.sampled_from([0, NOBODY, 1000])), NOBODY, 1),)
    spec = dataclasses.replace(spec, user_namespace=True, uid_map=one, gid_map=one)
    return draw(_sets(spec, Held.everything(LAST))) if draw(st.booleans()) else spec


@dataclasses.dataclass(frozen=True, slots=True)
class File:
    """What an executable shall look like."""

    owner: int
    group: int
    mode: int
    capabilities: FileCapabilities | None
    nosuid: bool
    script: bool
    """It is executed through a script, which has all the setuid bits that are of no use there."""

    def put_on(self, path: Path) -> None:
        """Gives the file what the kernel will look at; chown clears the other two."""
        os.chown(path, self.owner, self.group)
        path.chmod(self.mode)
        if self.capabilities is not None:
            os.setxattr(path, ATTRIBUTE, encode(self.capabilities))


@st.composite
def files(draw: st.DrawFn) -> File:
    """An executable that everybody may run."""
    root = draw(st.sampled_from([None, None, OTHER, NOBODY]))
    capabilities = FileCapabilities(draw(MASKS), draw(MASKS), draw(st.booleans()), 2 if root is None else 3, root)
    return File(
        owner=draw(st.sampled_from([0, NOBODY, OTHER])),
        group=draw(st.sampled_from([0, OTHER])),
        mode=0o755 | draw(st.sampled_from([0, 0, 0o4000, 0o2000, 0o6000])),
        capabilities=draw(st.sampled_from([None, capabilities])),
        nosuid=draw(st.integers(0, 5)) == 0,
        script=draw(st.integers(0, 5)) == 0,
    )
