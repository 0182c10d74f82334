"""What a recording says of the run as a whole: who ran what, under which policy, watched how."""

from __future__ import annotations

import json

import msgspec

FORMAT: int = 1
"""Raised by one in each release in which a column or a field of the header came, went or changed its meaning; a reader refuses any other."""

METADATA_KEY = b"gatescope"
"""The key of the Arrow schema's metadata under which the header lies, as JSON."""


class RecordingError(Exception):
    """A recording that cannot be read or written; the sentence names the file and what to do."""


class RunHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of a run that are known when it starts."""

    argv: tuple[str, ...]
    policy: str
    """The policy file's text."""
    engine: str
    judge_from: str
    started_ns: int
    """Wall clock at the start of the run, nanoseconds since 1970 UTC; every event's time counts from there."""
    filters: tuple[bytes, ...] = ()
    """The compiled seccomp filters, so that a reader can put a call through them again."""
    kernel: str = ""
    machine: str = ""
    uid: int = 0
    """Whose run it was."""
    directory: str = ""
    """The target's working directory at its start."""
    stdio: tuple[str, ...] = ()
    """What its descriptors 0, 1 and 2 were at its start: "pty" or "pipe"."""
    version: str = ""
    """Gatescope's."""
    format: int = FORMAT

    @property
    def sees_checks(self) -> bool:
        """Whether the engine sees the kernel's capability checks."""
        return self.engine != "ptrace"

    def encode(self) -> bytes:
        """As the recording's metadata has it; filters in base64. Surrogate escapes in arguments survive."""
        value = msgspec.to_builtins(self)
        return json.dumps(value).encode()

    @classmethod
    def decode(cls, data: bytes) -> RunHeader:
        """Raises `RecordingError` for another format."""
        try:
            value = json.loads(data)
            written = msgspec.convert(value, _Written)
            if written.format == FORMAT:
                return msgspec.convert(value, cls)
        except (ValueError, msgspec.ValidationError) as err:
            raise RecordingError("its header is not one of Gatescope's: another program wrote it, or it is damaged") from err
        age = "newer" if written.format > FORMAT else "older"
        raise RecordingError(
            f"it has format {written.format}, {age} than this Gatescope's {FORMAT}: open it with Gatescope {written.version}, which wrote it"
        )


class _Written(msgspec.Struct):
    """What the header of every format has."""

    format: int
    version: str
