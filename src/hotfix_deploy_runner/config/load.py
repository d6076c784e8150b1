"""Reading the settings, and saying clearly what is wrong with them."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from ..errors import UsageError
from .model import Settings

FILE = "hotfix.toml"
_BATCH = re.compile(r"[1-9]\d*|(?:100|[1-9]?\d)(?:\.\d+)?%")


class Loaded(NamedTuple):
    """The settings and the file they came from, None when there is none."""

    settings: Settings
    path: Path | None


def load(folder: Path, named: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Loaded:
    """The settings of the checkout in `folder`: `named`, else `hotfix.toml`, else `[tool.hotfix]`, else the defaults.

    `overrides` (flags and variables) win over the file; a None in them is not given. Raises `UsageError` that lists
    every wrong key with its file and line.
    """
    path, text, table = _read(folder, named)
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    try:
        settings = Settings.model_validate(_with(table, given))
    except ValidationError as error:
        lines = [_explained(dict(problem), path, text, given) for problem in error.errors()]
        raise UsageError(
            f"{path.name if path else 'the settings'}: {len(lines)} wrong", detail="\n".join(lines)
        ) from error
    for size in settings.rollout.batches:
        if not _BATCH.fullmatch(size):
            raise UsageError(f"rollout.batches: {size!r} is neither a count (1) nor a share (10%)")
    return Loaded(settings, path)


def _read(folder: Path, named: Path | None) -> tuple[Path | None, str, dict[str, Any]]:
    candidates = [named] if named else [folder / FILE, folder / "pyproject.toml"]
    for path in candidates:
        if not path.is_file():
            if named:
                raise UsageError(f"{path} does not exist")
            continue
        text = path.read_text(encoding="utf-8")
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{path.name} is not TOML", detail=str(error)) from error
        if path.name == "pyproject.toml":
            table = table.get("tool", {}).get("hotfix")
        if table is not None:
            return path, text, table
    return None, "", {}


def _with(table: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """`table` with the `given` values set; a dotted key (`rollout.batches`) reaches into a table."""
    result = dict(table)
    for key, value in given.items():
        room, _, rest = key.partition(".")
        result[room] = _with(dict(result.get(room, {})), {rest: value}) if rest else value
    return result


def _explained(problem: dict[str, Any], path: Path | None, text: str, given: Mapping[str, Any]) -> str:
    """`hotfix.toml:12: rollout.batchs: unknown key; did you mean batches?`"""
    location = [str(part) for part in problem["loc"]]
    key = ".".join(location)
    where = "given: " if key in given else f"{path.name}{_line(text, location)}: " if path else ""
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(location[-1], _known(location[:-1]), n=1)
        return f"{where}{key}: unknown key" + (f"; did you mean {near[0]}?" if near else "")
    return f"{where}{key}: {problem['msg']} (it is {problem['input']!r})"


def _line(text: str, location: list[str]) -> str:
    """`:12`, the first line that sets the key, after its table's heading where it has one."""
    lines = text.splitlines()
    keys = [part for part in location if not part.isdigit()]
    heading = f"[{'.'.join(keys[:-1])}]"
    first = next((n for n, line in enumerate(lines) if line.strip().endswith(heading)), 0)
    for number, line in enumerate(lines[first:], start=first + 1):
        if keys and re.match(rf"\s*\[?(?:[\w.-]+\.)?{re.escape(keys[-1])}\]?\s*(=|$)", line):
            return f":{number}"
    return ""


def _known(location: list[str]) -> list[str]:
    """The keys of the table at `location`."""
    model: type[BaseModel] | None = Settings
    for part in location:
        field = model.model_fields.get(part) if model else None
        kind = field.annotation if field else None
        model = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
    return list(model.model_fields) if model else []
