"""On which line of a TOML text each key is set."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

Key = tuple[str, ...]
"""A key's path: its tables' names and its own; the place in a list of tables is a name too, `"0"`."""


def key_lines(text: str) -> dict[Key, int]:
    """The line, from 1, of every key and every table's heading in `text`, which is valid TOML.

    Each statement of TOML is valid TOML by itself, so the text is cut into the shortest pieces that are: a heading,
    or a key with its value, over however many lines.
    """
    found: dict[Key, int] = {}
    room: Key = ()
    lists: Counter[Key] = Counter()
    for line, statement, table in _statements(text):
        if statement.lstrip().startswith("["):
            room = _heading(table, lists)
            found.setdefault(room, line)
        else:
            found.update({(*room, *key): line for key in _keys(table)})
    return found


def _statements(text: str) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """Every statement, with the number of its first line before it and what it says behind it."""
    piece, first = "", 1
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        piece, first = piece + line, first if piece else number
        try:
            table = tomllib.loads(piece)
        except tomllib.TOMLDecodeError:
            continue  # the value goes on in the next line
        if table:  # else a comment or a blank line
            yield first, piece, table
        piece = ""


def _heading(table: Mapping[str, Any], lists: Counter[Key]) -> Key:
    """The path that a heading names. `lists` counts the tables in each list so far; `[[x]]` begins the next one."""
    room: Key = ()
    inner: Any = table
    while inner:
        name, inner = next(iter(inner.items()))
        room = (*room, name)
        if isinstance(inner, list):
            lists[room] += 1
            inner = inner[0]
        if room in lists:
            room = (*room, str(lists[room] - 1))
    return room


def _keys(table: Mapping[str, Any]) -> Iterator[Key]:
    for name, value in table.items():
        yield (name,)
        if isinstance(value, dict):
            yield from ((name, *inner) for inner in _keys(value))
