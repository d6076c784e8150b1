"""What a run remembers of how it was configured, and what has changed since: so that a resume is the same run."""

from collections.abc import Iterator, Mapping
from typing import Any

from .. import __version__
from ..config.model import Settings
from ..core.events import RunStarted
from ..core.secret import is_secret_name
from ..ports import Redact


def recorded(settings: Settings, redact: Redact) -> dict[str, Any]:
    """The settings in force, as JSON values by their keys, without secrets."""
    known: dict[str, Any] = _redacted(settings.model_dump(mode="json"), redact)
    return known


def kept_flags(flags: Mapping[str, Any], redact: Redact) -> dict[str, Any]:
    """The settings that the command line gave; not those that hold a secret, which have to be given again."""
    return {key: value for key, value in flags.items() if value is not None and _redacted(value, redact) == value}


def differences(started: RunStarted, settings: Settings, redact: Redact) -> tuple[str, ...]:
    """What is not as it was when the run began, a line each: the program's version, then settings by their key."""
    now = recorded(settings, redact)
    return (*_of_the_tool(started.tool), *(_of_settings(started.settings, now) if started.settings else ()))


def _of_the_tool(tool: str) -> Iterator[str]:
    if tool and tool != __version__:
        yield f"hotfix-deploy-runner is {__version__}, was {tool}"


def _of_settings(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key in sorted({*before, *now}):
        old, new = before.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _of_settings(old, new, f"{prefix}{key}.")
        elif old != new:
            yield f"{prefix}{key} is {new!r}, was {old!r}"


def _redacted(value: Any, redact: Redact) -> Any:
    match value:
        case str():
            return redact(value)
        case dict():
            return {key: "***" if is_secret_name(key) else _redacted(part, redact) for key, part in value.items()}
        case list() | tuple():
            return [_redacted(part, redact) for part in value]
    return value
