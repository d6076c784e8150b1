"""Reading a plug-in's own table of the configuration into a typed value."""

import difflib
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from ..errors import UsageError
from .instant import Seconds, duration

Table = TypeVar("Table", bound=msgspec.Struct)


def read_table(settings: Mapping[str, Any], kind: type[Table], place: str) -> Table:
    """`settings` as a `kind`, a frozen struct whose fields are the keys; `place` names the table, `metrics`.

    Raises `UsageError` for an unknown key (with the nearest known one), a missing key or a wrong type.
    """
    known = [field.encode_name for field in msgspec.structs.fields(kind)]
    for key in settings:
        if key not in known:
            raise UsageError(f"{place}.{key}: unknown key", detail=_suggestion(key, known))
    try:
        return msgspec.convert(dict(settings), kind)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        key = re.sub(r"\[\.\.\.\]|`$", "", path)
        raise UsageError(f"{place}{key}: {reason}") from error


def read_duration(value: str | float, place: str) -> Seconds:
    """The seconds that `value` stands for; `place` names its key. Raises `UsageError` unless it is over zero."""
    try:
        seconds = duration(value)
    except ValueError as error:
        raise UsageError(f"{place}: {error}") from error
    if seconds <= 0:
        raise UsageError(f"{place}: must be more than zero")
    return seconds


def _suggestion(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
