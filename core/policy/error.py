"""What is wrong with a policy: where, and in a sentence what to do about it."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 80  # characters of a text in a sentence
_MOST: Final = 8  # entries of a list in a sentence


class PolicyError(ValueError):
    """A policy that cannot be read, is contradictory, or asks for what this caller may not have."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(key, sentence)
        self.key = key
        """The place as the policy file writes it, "seccomp.rules[0].action"; empty where the whole text is meant."""
        self.sentence = sentence
        """What is wrong and what is allowed, without the key."""

    def __str__(self) -> str:
        return f"{self.key}: {self.sentence}" if self.key else self.sentence


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean "…"?` with up to three of `known` that look like `word` (letter case aside), or nothing where none does."""
    if not any(map(str.isalnum, word)):
        return ""  # operators all look alike
    by_folded = {name.casefold(): name for name in known}
    folded = word.casefold()
    begun = [name for name in by_folded if name.startswith(folded)]
    close = begun or difflib.get_close_matches(folded, by_folded, cutoff=0.7 if len(word) > 3 else 0.6)
    return f"; did you mean {' or '.join(quoted(name) for name in map(by_folded.__getitem__, close[:3]))}?" if close else ""


def quoted(value: object) -> str:
    """A value as a policy file writes it (text in quotes, with escapes), cut where it is long: fit for a sentence on a terminal."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…", ensure_ascii=False)
        case int() if value.bit_length() > 128:
            return f"{hex(value)[:20]}…"
        case dict():
            return "a table"
        case list() | tuple():
            return f"[{', '.join(map(quoted, value))}]" if len(value) <= _MOST else "this list"
        case _:
            return str(value)


def joined(key: str, name: str) -> str:
    """The place of the key `name` in the table `key` ("" for the file itself); in quotes where TOML wants it so."""
    bare = name if re.fullmatch(r"[\w-]+", name, re.ASCII) else quoted(name)
    return f"{key}.{bare}" if key else bare
