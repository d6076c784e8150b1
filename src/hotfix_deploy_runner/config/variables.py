"""Settings from the environment: `HOTFIX_ROLLBACK_THRESHOLD`, and `HOTFIX_WATCH_WINDOW` for `watch.window`."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_origin

from pydantic import TypeAdapter, ValidationError

from ..settings import Table
from .lines import Key

PREFIX = "HOTFIX_"
OTHERS = frozenset(
    PREFIX + name
    for name in (
        *("ACCEPT_MIXED", "BRANCH", "CONFIG", "OPERATOR", "REASON"),  # parameters that are no settings
        *("BASE", "CHANGED", "COMMIT", "ENDPOINTS", "ENV", "INCARNATION", "INSTANCE", "JUNIT", "SARIF", "URL"),
        *("HOOK", "OLD_VERSION", "RUN", "VERSION"),
        *("DEMO_CACHE", "IMPORTS_DIR", "IMPORTS_NAMES"),  # these are told to commands and instances
    )
)
"""Variables of ours that are no settings."""


def variable(key: Key) -> str:
    """The variable for a key: `HOTFIX_WATCH_WINDOW` for `watch.window`."""
    return PREFIX + "_".join(key).upper()


def variables(model: type[Table], room: Key = ()) -> dict[str, Key]:
    """The variables of a table and the tables in it, each with its key. A table of free names has none."""
    found: dict[str, Key] = {}
    for name, field in model.model_fields.items():
        kind, key = field.annotation, (*room, name)
        if isinstance(kind, type) and issubclass(kind, Table):
            found |= variables(kind, key)
        elif get_origin(kind) is not dict:
            found[variable(key)] = key
    return found


def given_by(environ: Mapping[str, str], model: type[Table]) -> dict[Key, Any]:
    """The settings that `environ` gives. An empty variable gives none.

    A list is separated by commas or spaces; only by spaces where one of its words is a URL, which may hold commas.
    """
    found: dict[Key, Any] = {}
    for name, key in variables(model).items():
        text = environ.get(name, "").strip()
        if text:
            found[key] = _words(text) if _is_list(model, key) else _value(text, _kind(model, key))
    return found


def unknown(environ: Mapping[str, str], model: type[Table], used: str = "") -> Iterator[str]:
    """What to say of each `HOTFIX_` variable that nothing reads: most likely somebody has misspelled a setting.

    `used` is the text of the settings' file: a variable that it names (`$HOTFIX_API`, or as a `webhook_env`) is fine.
    """
    known = variables(model)
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in known or name in OTHERS or re.search(rf"\b{re.escape(name)}\b", used):
            continue
        near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.75)
        yield f"{name} is no setting, and is not read" + (f"; did you mean {near[0]}?" if near else "")


def _words(text: str) -> list[str]:
    return text.split() if "://" in text else text.replace(",", " ").split()


def _value(text: str, kind: Any) -> Any:
    """A number or a yes as what it is (`5`, `true`, `on`); anything else, also a wrong one, as it was given."""
    if kind not in (bool, int, float):
        return text
    try:
        return TypeAdapter(kind).validate_python(text)
    except ValidationError:
        return text


def _is_list(model: type[Table], key: Key) -> bool:
    return get_origin(_kind(model, key)) in (list, tuple)


def _kind(model: type[Table], key: Key) -> Any:
    kind: Any = model
    for name in key:
        kind = kind.model_fields[name].annotation
    return kind
