"""Named tuples as JSON objects: for what a command reads that answers at once, as importing msgspec takes too long."""

import json
from typing import Any, NamedTuple, TypeVar

Record = TypeVar("Record", bound=NamedTuple)


def to_json(record: NamedTuple) -> bytes:
    """`record` as one line of JSON, without a line end; a record inside of it is an object too."""
    return json.dumps(_object(record), separators=(",", ":")).encode()


def from_json(kind: type[Record], content: bytes) -> Record:
    """The `kind` that `to_json` has written. Every field of `kind` has a default, which says its type as well.

    What is missing there, or null, is as its default; what is unknown is left out: versions of this program read each
    other's. Raises `ValueError` for anything else than an object, and for a value of another type.
    """
    return _record(kind, json.loads(content))


def _object(record: NamedTuple) -> dict[str, Any]:
    return {name: _object(value) if hasattr(value, "_fields") else value for name, value in record._asdict().items()}


def _record(kind: type[Record], told: object) -> Record:
    if not isinstance(told, dict):
        raise ValueError(f"an object is expected, not {told!r:.60}")
    defaults = kind._field_defaults
    given = {name: _value(name, told[name], defaults[name]) for name in defaults if told.get(name) is not None}
    return kind._make({**defaults, **given}.values())


def _value(name: str, told: object, default: Any) -> object:
    if hasattr(default, "_fields"):
        return _record(type(default), told)
    if type(told) is type(default) or (type(default) is float and type(told) is int):
        return told
    raise ValueError(f"`{name}` cannot be {told!r:.60}")
