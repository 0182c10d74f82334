"""Small helps with words."""

from __future__ import annotations


def sentence(text: str) -> str:
    """With a capital and a full stop, as it stands alone; a first word that is a path or a name with signs keeps its case."""
    text = text.strip()
    start = text[:1].upper() + text[1:] if text.split(" ", 1)[0].removesuffix("'s").isalpha() else text
    return start if not start or start.endswith((".", "?", "!")) else f"{start}."


def some(count: int, word: str, plural: str = "s") -> str:
    """ "1 process", "2,000 processes" (with `plural` "es")."""
    return f"{count:,} {word}{'' if count == 1 else plural}"
