"""Reading the settings, and saying clearly what is wrong with them."""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from ..errors import UsageError
from ..settings import Problem, WrongTable, problems, validated
from .lines import Key, key_lines
from .model import Settings
from .variables import given_by, unknown, variable

FILE = "hotfix.toml"
PYPROJECT = "pyproject.toml"


class Loaded(NamedTuple):
    """The settings and the file they came from, None when there is none.

    `origins` says where each key that was given was: `--window`, `HOTFIX_TARGET`, `hotfix.toml:3`; what is not in it
    is a default. `remarks` are for a person: variables that look like settings and are none. `flags` is what flags
    gave, by dotted key, and `named` the file that one of them named: what it takes to load the same again.
    """

    settings: Settings
    path: Path | None
    origins: Mapping[Key, str] = {}
    remarks: tuple[str, ...] = ()
    flags: Mapping[str, Any] = {}
    named: Path | None = None

    def origin(self, key: Key) -> str:
        """Where the value of `key` came from."""
        return self.origins.get(key, "default")

    @contextmanager
    def placing(self) -> Iterator[None]:
        """Have a plug-in that finds its own table wrong say in which line that is."""
        try:
            yield
        except WrongTable as error:
            raise _placed(error, self.origins, self.path) from None


class _File(NamedTuple):
    """A file with settings: its text, the table in it, and the table's name in the file."""

    path: Path | None = None
    text: str = ""
    table: Mapping[str, Any] = {}
    room: Key = ()

    def origins(self) -> dict[Key, str]:
        """`hotfix.toml:3` for every key."""
        if self.path is None:
            return {}
        lines, depth = key_lines(self.text), len(self.room)
        return {k[depth:]: f"{self.path.name}:{line}" for k, line in lines.items() if k[:depth] == self.room}


def load(
    folder: Path,
    named: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Loaded:
    """The settings of the checkout in `folder`: `named`, else `hotfix.toml`, else `[tool.hotfix]`, else the defaults.

    `overrides` are what flags give, by dotted key (`watch.window`); a None in them is not given. They win over the
    variables in `environ`, and these over the file. Raises `UsageError` that lists every wrong key with its place.
    """
    file, environ = _read(folder, named), environ or {}
    flags = {tuple(key.split(".")): value for key, value in (overrides or {}).items() if value is not None}
    told = given_by(environ, Settings)
    named_by = {key: variable(key) for key in told} | {key: _flag(key) for key in flags}
    origins = {k: place for k, place in file.origins().items() if not _inside(k, named_by)} | named_by
    table = file.table
    for key, value in {**told, **flags}.items():
        table = _with(table, key, value)
    try:
        settings = validated(Settings, table)
    except ValidationError as error:
        wrong = list(problems(error, Settings))
    else:
        remarks = tuple(unknown(environ, Settings, file.text))
        return Loaded(settings, file.path, origins, remarks, dict(overrides or {}), named)
    # Outside of the handler, as pydantic's own error can hold a secret.
    raise _placed(
        WrongTable(f"{file.path.name if file.path else 'the settings'}: {len(wrong)} wrong", wrong), origins, file.path
    )


def _read(folder: Path, named: Path | None) -> _File:
    candidates = [named] if named else [folder / FILE, folder / PYPROJECT]
    for path in candidates:
        if not path.is_file():
            if named:
                raise UsageError(f"{path} does not exist")
            continue
        try:
            text = path.read_text(encoding="utf-8")
            table: Any = tomllib.loads(text)
        except OSError as error:
            raise UsageError(f"{path} cannot be read", detail=str(error)) from error
        except ValueError as error:  # TOMLDecodeError, or UnicodeDecodeError
            raise UsageError(f"{path.name} is not TOML", detail=str(error)) from error
        room: Key = ()
        if path.name == PYPROJECT:
            room, table = ("tool", "hotfix"), table.get("tool", {}).get("hotfix")
        if table is not None and not isinstance(table, dict):
            raise UsageError(f"{path.name}: tool.hotfix is no table")
        if table is not None:
            return _File(path, text, table, room)
    return _File()


def _with(table: Mapping[str, Any], key: Key, value: Any) -> dict[str, Any]:
    """`table` with `key` set. Where a table is expected and something else stands, that is left to be told."""
    name, *rest = key
    inner = table.get(name, {})
    if rest:
        value = _with(inner, tuple(rest), value) if isinstance(inner, dict) else inner
    return {**table, name: value}


def _flag(key: Key) -> str:
    return "--allow-migrations" if key == ("migrations", "allow") else f"--{key[-1].replace('_', '-')}"


def _inside(key: Key, rooms: Mapping[Key, str]) -> bool:
    return any(key[: len(room)] == room for room in rooms)


def _placed(error: WrongTable, origins: Mapping[Key, str], path: Path | None) -> WrongTable:
    """`hotfix.toml:12: rollout.batchs: unknown key; did you mean batches?`; of what is missing, its table's line."""

    def place(problem: Problem) -> str:
        ends = (problem.key[:end] for end in range(len(problem.key), 0, -1))
        return next((origins[end] for end in ends if end in origins), path.name if path else "")

    return WrongTable(error.title, error.problems, [place(problem) for problem in error.problems])
