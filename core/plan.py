"""From what the user asked for to a launch: everything that can be refused before a process exists is refused here."""

from __future__ import annotations

import dataclasses
import functools
import operator
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from core import far_side
from core.bpf.build import FilterError
from core.bpf.stack import build_stack
from core.judge.context import JudgeContext
from core.knowledge.captures import capture_plans
from core.observer.wire import Engine, LaunchSpec, Lookup, Stream
from core.policy.check import check
from core.policy.compile import compile_policy
from core.policy.error import PolicyError
from core.policy.file import encode
from core.policy.held import Held
from core.policy.identity import Caller, check_has_place, resolve_identity
from core.policy.model import Policy
from core.policy.paths import narrowings
from core.policy.target import Target
from core.recording.header import RunHeader
from core.target import TargetError, resolve_target, working_directory
from core.users import find_group, find_user, invoking_user, needs_root
from core.version import VERSION
from core.ways import COMMAND_LINE, Ways, why_not

EngineChoice = Literal["auto", "ebpf", "ptrace"]


class UsageProblem(ValueError):
    """What the user asked for cannot be done; the sentence names the thing and what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Terminal:
    """How the target's stdio is laid out."""

    stdio: tuple[Stream, Stream, Stream] = ("pty", "pty", "pty")
    rows: int = 24
    columns: int = 80


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """Where a policy comes from, for the sentences about it."""

    file: str = ""
    """Empty where it is in no file that the user knows of."""
    user_given: bool = False
    """identity.user is not the file's: it was given beside it."""

    def locate(self, err: PolicyError | FilterError) -> str:
        """The sentence, behind the file that it is about."""
        of_no_file = not self.file or (self.user_given and isinstance(err, PolicyError) and err.key == "identity.user")
        return str(err) if of_no_file else f"{self.file}: {err}"


@dataclasses.dataclass(frozen=True, slots=True)
class Launched:
    """A launch that fits the observer which is to carry it out."""

    spec: LaunchSpec
    header: RunHeader
    context: JudgeContext
    notes: tuple[str, ...]
    """Sentences for the user, such as why `auto` took ptrace."""


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """A target and a policy that have been checked, as far as they can be without knowing the observer."""

    target: Target
    policy: Policy
    filters: tuple[bytes, ...]
    engine: EngineChoice = "auto"
    terminal: Terminal = Terminal()
    same_cpu: bool = True
    elsewhere: bool = False
    """Whether the observer runs on another machine or in a container: the target is one of there, and found only there."""
    ways: Ways = COMMAND_LINE
    """How whoever asked gets more privilege."""
    source: Source = Source()

    @property
    def needs_root(self) -> bool:
        """Whether the target is to be somebody whom only a privileged observer can make it."""
        return needs_root(self.policy.identity)

    @property
    def why_root(self) -> str:
        """What this user would be told without such an observer: also how to do without."""
        me = invoking_user()
        nothing = Held(bounding=0, permitted=0, ways=self.ways)
        try:
            resolve_identity(self.policy.identity, Caller(me, me, nothing, last_capability=0, find_user=find_user, find_group=find_group))
        except PolicyError as err:
            return self.source.locate(err)
        return ""

    @property
    def lookup(self) -> Lookup | None:
        """What to ask the observer before the launch; None where nothing has to be asked."""
        return far_side.lookup(self.policy.identity, self.target.argv[0], elsewhere=self.elsewhere)

    def launch(self, hello: Mapping[str, Any], found: Mapping[str, Any] | None = None) -> Launched:
        """The launch for the observer that said `hello`, and `found` where it was asked `lookup` (see `wire.FrameKind`).

        Raises `UsageProblem`; KeyError, TypeError or ValueError where what the observer said is not whole.
        """
        engine, notes = self._engine({name: why_not(obstacle, self.ways) for name, obstacle in dict(hello["engines"]).items()})
        caller = far_side.caller_of(hello, *far_side.finders(self.lookup, found or {}), self.ways)
        try:
            spec = compile_policy(
                self.policy,
                self._placed(hello, found or {}),
                caller,
                engine=engine,
                filters=self.filters,
                stdio=self.terminal.stdio,
                rows=self.terminal.rows,
                columns=self.terminal.columns,
                same_cpu=self.same_cpu,
                captures=capture_plans(buffers=engine == "ebpf", places=engine == "ptrace"),
            )
        except PolicyError as err:
            raise UsageProblem(self.source.locate(err)) from err
        except TargetError as err:
            raise UsageProblem(str(err)) from err
        context = JudgeContext(
            engine=engine,
            filters=self.filters,
            flags=functools.reduce(operator.or_, (one.flags for one in spec.filters), 0),
            rules=self.policy.seccomp,
            strict=spec.strict,
            judge_from=spec.judge_from,
            landlock=spec.landlock,
        )
        return Launched(spec, self._header(spec, hello), context, (*notes, *narrowings(self.policy.paths, caller.landlock)))

    def _placed(self, hello: Mapping[str, Any], found: Mapping[str, Any]) -> Target:
        if not self.elsewhere:
            return self.target
        here = os.uname().machine
        if self.filters and hello["machine"] != here:
            raise UsageProblem(
                f"the observer runs on {hello['machine']}, but the filter is built for {here}: run Gatescope there, or set seccomp.mode to off"
            )
        return far_side.placed_target(self.target, found)

    def _engine(self, reasons: Mapping[str, str | None]) -> tuple[Engine, tuple[str, ...]]:
        if self.engine != "auto":
            reason = reasons.get(self.engine)
            if reason is not None:
                raise UsageProblem(f"the engine {self.engine} does not work here: {reason}")
            return self.engine, ()
        if reasons.get("ebpf") is None:
            return "ebpf", ()
        if reasons.get("ptrace") is not None:
            raise UsageProblem(f"no engine works here. ebpf: {reasons['ebpf']}; ptrace: {reasons['ptrace']}")
        return "ptrace", (f"watching by ptrace, which does not see capability checks: {reasons['ebpf']}",)

    def _header(self, spec: LaunchSpec, hello: Mapping[str, Any]) -> RunHeader:
        return RunHeader(
            argv=self.target.argv,
            policy=encode(self.policy),
            engine=spec.engine,
            judge_from=self.policy.seccomp.judge_from,
            started_ns=time.time_ns(),
            filters=self.filters,
            kernel=str(hello.get("kernel", "")),
            machine=str(hello.get("machine", "")),
            uid=os.getuid(),
            directory=spec.directory,
            stdio=spec.stdio,
            version=VERSION,
        )


def make_plan(
    policy: Policy,
    argv: Sequence[str],
    *,
    environment: Mapping[str, str] = os.environ,
    directory: str | None = None,
    user: Literal["me", "root"] | None = None,
    engine: EngineChoice = "auto",
    terminal: Terminal = Terminal(),
    elsewhere: bool = False,
    file: str = "",
    ways: Ways = COMMAND_LINE,
) -> Plan:
    """Resolves the target, checks the policy, builds its filter and checks that. Raises `UsageProblem`.

    `user`, where given, takes the place of the policy's identity.user. `elsewhere`: the observer will run on another machine or in a
    container, so the target, its directory and its variables are to be found there. `file`: the policy's, for sentences about it;
    `ways`: in whose words more privilege is advised.
    """
    source = Source(file, user_given=user is not None)
    if user is not None:
        policy = msgspec.structs.replace(policy, identity=msgspec.structs.replace(policy.identity, user=user))
    try:
        check(policy)
        if elsewhere:
            target = far_side.unplaced_target(argv, environment)
        else:
            check_has_place(policy.identity, invoking_user())
            target = resolve_target(argv, environment, directory or working_directory())
        return Plan(target, policy, build_filters(policy), engine, terminal, elsewhere=elsewhere, ways=ways, source=source)
    except (PolicyError, FilterError) as err:
        raise UsageProblem(source.locate(err)) from err
    except TargetError as err:
        raise UsageProblem(str(err)) from err


def build_filters(policy: Policy) -> tuple[bytes, ...]:
    """The programs of a policy in mode "filter", oldest first, each checked against its rules by emulation. Raises `FilterError`."""
    if policy.seccomp.mode != "filter":
        return ()
    return tuple(built.program for built in build_stack(policy.seccomp))
