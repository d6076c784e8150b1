"""The settings in force, each with where it came from. Secrets are not shown."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from .. import plugins
from ..config.lines import Key
from ..config.load import Loaded
from ..config.model import ChecksTable
from ..core.secret import is_secret_name
from ..settings import Table, read_table
from .tables import GROUPS, Group, plugin_table
from .words import toml, toml_of

HIDDEN = "(not shown)"
_FOLLOWED = frozenset({"setup", "main", "allow", "run_by"})
"""Keys of plug-ins that follow a setting of the runner's own (`[setup]`, `merge.into`, `[migrations]`) where they are
not given."""

Redact = Callable[[str], str]


class Row(NamedTuple):
    """One value as TOML, or a word on why it is not shown, and its origin: `--window`, `hotfix.toml:3`, `default`."""

    key: Key
    value: str
    origin: str


def rows(loaded: Loaded, redact: Redact) -> Iterator[Row]:
    """Every setting of the runner and of the plug-ins that are used. Raises `UsageError` for a wrong table."""
    for key, value in _runner(loaded):
        yield Row(key, redact(_masked(key, value)), loaded.origin(key))


def _runner(loaded: Loaded) -> Iterator[tuple[Key, str]]:
    groups = {group.room[0]: group for group in GROUPS}
    for name, field in type(loaded.settings).model_fields.items():
        value = getattr(loaded.settings, name)
        if isinstance(value, ChecksTable):
            yield from _table((name,), value)
            yield from _plugins(groups[name], value.tables)
        elif name in groups:
            yield from _plugins(groups[name], value)
        elif isinstance(value, Table):
            yield from _table((name,), value)
        else:
            yield (name,), toml_of(field, value)


def _plugins(group: Group, value: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    """The tables of a group: those that are given, and where a group has a plug-in by default, that."""
    given = dict(_rooms(group.room, value))
    if not group.chooser:
        given = {(group.room[0], name): value.get(name, {}) for name in plugins.names(group.group)} | given
    for room, table in given.items():
        name = str(table.get(group.chooser, group.default or room[-1]))
        if group.chooser:
            yield (*room, group.chooser), toml(name)
        for common in group.common:
            yield (*room, common.key), toml(table.get(common.key, common.default))
        ours = {group.chooser, *(common.key for common in group.common)}
        rest = {key: inner for key, inner in table.items() if key not in ours}
        model = plugin_table(group.group, name)
        if model is None:
            yield from (((*room, key), toml(inner)) for key, inner in rest.items())
        else:
            skipped = {(*room, key) for key in _FOLLOWED if key not in rest}
            yield from _table(room, read_table(model, rest, ".".join(room)), skipped)


def _rooms(room: Key, value: Mapping[str, Any]) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    """The tables that stand at a room with free names."""
    if len(room) == 1:
        yield room, value
        return
    for name, inner in value.items():
        for deeper, table in _rooms(room[1:], inner):
            yield (room[0], name, *deeper[1:]), table


def _table(room: Key, table: Table, skipped: frozenset[Key] | set[Key] = frozenset()) -> Iterator[tuple[Key, str]]:
    for name, field in type(table).model_fields.items():
        value, key = getattr(table, name), (*room, name)
        if key in skipped:
            continue
        if isinstance(value, Table):
            yield from _table(key, value)
        elif isinstance(value, Mapping) and value:
            yield from _mapping(key, value)
        else:
            yield key, toml_of(field, value)


def _mapping(room: Key, value: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    for name, inner in value.items():
        if isinstance(inner, Table):
            yield from _table((*room, name), inner)
        else:
            yield (*room, name), toml(inner)


_URL = re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\"'\s]+", re.IGNORECASE)
_VARIABLE = re.compile(r'"[A-Za-z_][A-Za-z0-9_]*"')


def _masked(key: Key, value: str) -> str:
    """Without what may be a secret: by the key's name, in an environment, or in the URL of a channel."""
    if key[-1].endswith("_env") and _VARIABLE.fullmatch(value):
        return value  # the name of the variable that holds it
    if "env" in key[:-1] or any(map(is_secret_name, key)):
        return HIDDEN
    return _URL.sub(r"\1…", value) if key[0] in ("notify", "notifiers") else value
