"""The policy file: TOML to `Policy` and back, without I/O."""

from __future__ import annotations

import re
import tomllib
import typing
from typing import Any, Final

import msgspec
import tomli_w
from msgspec import inspect

from core.policy.error import PolicyError, joined, quoted, suggestion
from core.policy.model import Filter, Flag, JudgeFrom, Mode, Operator, Policy, Seccomp

_ALWAYS_WRITTEN: Final = {
    (Seccomp, "mode"),
    (Seccomp, "default"),
    (Filter, "default"),
}  # a filter reads better with what it starts from
_IN_FRONT: Final = ("mode", "default", "judge_from")  # also where the model inherits other fields before them
_TABLES: Final = ("rules", "stacked")  # lists whose entries are tables of their own
_MAYBE_NEWER: Final = " If a newer Gatescope wrote this, open it with that one."
_WIDTH: Final = 120  # a longer list is written one entry a line
_POLICY_TYPE: Final = inspect.type_info(Policy)
# msgspec sorts a Literal's words; a sentence gives them in the model's order.
_WORDS: Final = {frozenset(words): words for words in map(typing.get_args, (Flag, JudgeFrom, Mode, Operator))}
_TOO_DEEP: Final = "this is not a policy: its lists or tables are nested too deeply."
# Over a key of thousands of parts, a.a.a…, tomllib spends minutes.
_FAR_DOWN: Final = re.compile(r"""(?<![\w"'-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){64}""")
_PLACE: Final = re.compile(r" - at `\$\.?(.*)`$")
_FIELD: Final = re.compile(r"^Object (contains unknown|missing required) field `(.*?)`(?: - at |$)", re.DOTALL)
_POSITION: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────


def decode(text: str) -> Policy:
    """Reads a whole file strictly. Raises `PolicyError` that names the key, the value and what is allowed, or the line of a TOML error.

    What the values mean (names of calls, capabilities, actions) is for `core.policy.check.check`.
    """
    if _FAR_DOWN.search(text):
        raise PolicyError("", _TOO_DEEP)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise PolicyError("", _syntax_sentence(str(err), text)) from err
    except ValueError as err:  # int refuses more than sys.get_int_max_str_digits()
        raise PolicyError("", "this is not a policy: a number in it has thousands of digits.") from err
    except RecursionError as err:
        raise PolicyError("", _TOO_DEEP) from err
    try:
        return msgspec.convert(raw, Policy)
    except msgspec.ValidationError as err:
        raise _explain(str(err), raw) from err


def _syntax_sentence(message: str, text: str) -> str:
    position = _POSITION.search(message)
    if position is None:
        return f"this is not TOML: {message}."
    lines = text.split("\n")
    line, column = position.groups() if position[1] else (len(lines), len(lines[-1]) + 1)
    what = message[: position.start()].replace("'", '"')
    return f"line {line}, column {column}: this is not TOML: {what[:1].lower()}{what[1:]}."


def _explain(message: str, raw: dict[str, Any]) -> PolicyError:
    # msgspec gives the place; the value and what is allowed there are looked up, since its words speak of JSON's types.
    place = _PLACE.search(message)
    key = place[1] if place else ""
    kind, value = _look_up(key, raw)
    field = _FIELD.match(message)
    if field is None:
        return PolicyError(key, _value_sentence(kind, value))
    inner = joined(key, field[2])
    if field[1] == "missing required":
        return PolicyError(inner, f"is missing; it must be {_allowed(_field_types(kind)[field[2]])}.")
    names = tuple(sorted(_field_types(kind), key=_place_in_text))
    close = suggestion(field[2], names)
    return PolicyError(inner, f"there is no such key{close or '.'} Allowed: {', '.join(names)}.{'' if close else _MAYBE_NEWER}")


def _look_up(key: str, raw: Any) -> tuple[inspect.Type, Any]:
    kind: inspect.Type = _POLICY_TYPE
    for name, index in re.findall(r"(\w+)|\[(\d+)\]", key):
        if name:
            kind, raw = _field_types(kind)[name], raw[name]
        else:
            kind, raw = _item_type(kind), raw[int(index)]
    return kind, raw


def _members(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    # Without None: TOML cannot say it.
    members = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return tuple(member for member in members if not isinstance(member, inspect.NoneType))


def _field_types(kind: inspect.Type) -> dict[str, inspect.Type]:
    (struct,) = (member for member in _members(kind) if isinstance(member, inspect.StructType))
    return {field.encode_name: field.type for field in struct.fields}


def _item_type(kind: inspect.Type) -> inspect.Type:
    (array,) = (member for member in _members(kind) if isinstance(member, inspect.VarTupleType | inspect.TupleType))
    return array.item_type if isinstance(array, inspect.VarTupleType) else array.item_types[0]


def _value_sentence(kind: inspect.Type, value: object) -> str:
    if isinstance(kind, inspect.LiteralType):
        words = _WORDS[frozenset(kind.values)]
        close = suggestion(value, words) if isinstance(value, str) else ""
        newer = _MAYBE_NEWER if isinstance(value, str) and value[:1].isalnum() and not close else ""
        return f"{quoted(value)} is not allowed{close or '.'} Allowed: {', '.join(words)}.{newer}"
    return f"{quoted(value)} is not allowed: it must be {_allowed(kind)}."


def _allowed(kind: inspect.Type) -> str:
    return " or ".join(_describe(member) for member in _members(kind))


def _describe(kind: inspect.Type) -> str:
    match kind:
        case inspect.StrType():
            return "text in quotes"
        case inspect.IntType():
            return "a whole number"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType():
            return f"one of {', '.join(_WORDS[frozenset(kind.values)])}"
        case inspect.VarTupleType():
            return f"a list in brackets (each entry: {_allowed(kind.item_type)})"
        case inspect.TupleType():
            return f"{len(kind.item_types)} entries in brackets (each: {_allowed(kind.item_types[0])})"
        case _:
            return "a table"


# ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def encode(policy: Policy) -> str:
    """The file's text, laid out to be read and edited by hand; what equals the default is left out. `decode` gives an equal policy."""
    tables: list[str] = []
    _write_table(_plain(policy), "", tables)
    return "\n".join(tables)


def _plain(struct: msgspec.Struct) -> dict[str, Any]:
    # msgspec.to_builtins would keep defaults that are equal but not the same object.
    defaults = {field.name: field.default for field in msgspec.structs.fields(struct)}
    plain = {}
    for name in sorted(defaults, key=_place_in_text):
        default = defaults[name]
        value = getattr(struct, name)
        if value != default or (type(struct), name) in _ALWAYS_WRITTEN:
            plain[name] = _plain_value(value)
    return plain


def _place_in_text(name: str) -> int:
    return _IN_FRONT.index(name) if name in _IN_FRONT else len(_IN_FRONT)


def _plain_value(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return _plain(value)
    return [_plain_value(item) for item in value] if isinstance(value, tuple) else value


def _write_table(table: dict[str, Any], name: str, tables: list[str], *, bracket: str = "[") -> None:
    inner = {key: value for key, value in table.items() if isinstance(value, dict)}
    arrays = {key: value for key, value in table.items() if key in _TABLES}
    lines = [_assignment(key, value) for key, value in table.items() if key not in inner and key not in arrays]
    header = f"{bracket}{name}{bracket.replace('[', ']')}\n" if name else ""
    if lines or (name and not arrays):
        tables.append(header + "".join(lines))
    for key, value in inner.items():
        _write_table(value, key, tables)
    for key, values in arrays.items():
        for value in values:
            _write_table(value, f"{name}.{key}", tables, bracket="[[")


def _assignment(key: str, value: Any) -> str:
    line = f"{key} = {_inline(value)}"
    if len(line) > _WIDTH and isinstance(value, list):
        line = f"{key} = [\n" + "".join(f"    {_inline(item)},\n" for item in value) + "]"
    return line + "\n"


def _inline(value: Any) -> str:
    # tomli_w spreads each list over lines of its own; it writes the scalars.
    if isinstance(value, list):
        return f"[{', '.join(_inline(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_inline(item)}' for key, item in value.items())} }}"
    return tomli_w.dumps({"_": value}).removeprefix("_ = ").removesuffix("\n")
