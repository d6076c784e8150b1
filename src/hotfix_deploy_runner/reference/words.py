"""Types, limits and values of settings in the words of whoever writes TOML."""

import json
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from ..core.instant import Seconds, duration
from ..settings import Table, share

_PLAIN = {bool: "true or false", int: "whole number", float: "number", str: "text"}
_LIMITS: tuple[tuple[type, str, str], ...] = (
    (annotated_types.Gt, "gt", "over"),
    (annotated_types.Ge, "ge", "at least"),
    (annotated_types.Lt, "lt", "under"),
    (annotated_types.Le, "le", "at most"),
)
_UNITS = (("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))


def is_duration(field: FieldInfo) -> bool:
    """Whether a field is a length of time, written `10m`."""
    return any(isinstance(mark, BeforeValidator) and mark.func is duration for mark in field.metadata)


def is_share(field: FieldInfo) -> bool:
    """Whether a field is a fraction, written `20%`."""
    return any(isinstance(mark, BeforeValidator) and mark.func is share for mark in field.metadata)


def kind(field: FieldInfo) -> str:
    """What may stand there: `number, over 0, under 100`."""
    what = "duration" if is_duration(field) else "percentage" if is_share(field) else _kind(field.annotation)
    limits = [
        f"{word} {getattr(mark, name):g}"
        for mark in field.metadata
        for cls, name, word in _LIMITS
        if isinstance(mark, cls)
    ]
    return ", ".join([what, *limits])


def _kind(annotation: Any) -> str:
    origin, inner = get_origin(annotation), [kind for kind in get_args(annotation) if kind is not Ellipsis]
    if origin is Annotated:
        return _kind(inner[0])
    if origin is Literal:
        return " or ".join(f"`{toml(value)}`" for value in inner)
    if origin in (list, tuple):
        return f"list of {_kind(inner[0])}"
    if origin is dict:
        return f"table of {_kind(inner[1])}"
    if origin in (Union, UnionType):
        return " or ".join(_kind(one) for one in inner if one is not NoneType)
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return "table"
    return _PLAIN.get(annotation, "any")


def toml(value: Any) -> str:
    """`value` as TOML in one line."""
    match value:
        case Table():
            return toml(value.model_dump(exclude_defaults=True))
        case Mapping():
            pairs = ", ".join(f"{_bare(str(key))} = {toml(inner)}" for key, inner in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
        case list() | tuple():
            return f"[{', '.join(map(toml, value))}]"
        case bool() | str():
            # JSON's escapes are all among TOML's; only DEL has to be escaped too.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case float():
            return repr(value)
    return str(value)


def toml_of(field: FieldInfo, value: Any) -> str:
    """`value` of a field as TOML, a length of time or a share with its unit; the word none where there is none."""
    if value is None:
        return "none"
    if is_share(field):
        return toml(f"{100 * value:g}%")
    return toml(as_duration(value) if is_duration(field) else value)


def as_duration(length: Seconds) -> str:
    """The text that stands for a length: `10m`, `1m30s`, `500ms`."""
    rest, parts = round(length * 1000), []
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _bare(key: str) -> str:
    plain = key.replace("-", "").replace("_", "")
    return key if plain.isascii() and plain.isalnum() else toml(key)
