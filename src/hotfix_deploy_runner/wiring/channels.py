"""The channels to people, from the settings: names under `[notifiers]`, plug-ins by their own name, and URLs."""

import contextlib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from .. import plugins
from ..config.model import Settings
from ..core.notice import Severity
from ..core.secret import is_secret_name
from ..errors import NotConfigured, UsageError
from ..ports import Notifier, Workplace

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://.")
_FROM = "from"


class Wanted(NamedTuple):
    """A channel that is asked for. `name` is all that is ever shown of it; `table` is its plug-in's, but for `type`."""

    name: str
    type: str
    table: Mapping[str, Any]
    severity: Severity = Severity.INFO


def wanted(names: Sequence[str], notifiers: Mapping[str, Mapping[str, Any]]) -> tuple[Wanted, ...]:
    """What `names` stand for. A URL is named by its scheme, a second one of that scheme `mailto-2`.

    Raises `UsageError` for what is neither a name nor a URL, and for a wrong severity.
    """
    taken = {*notifiers, *(name for name in names if "://" not in name)}
    found = []
    for name in dict.fromkeys(names):
        scheme = _URL.match(name)
        if scheme is None:
            found.append(_named(name, notifiers))
        else:
            free = next(free for free in _numbered(scheme[1].lower()) if free not in taken)
            taken.add(free)
            found.append(Wanted(free, "apprise", {"secret_url": name}))
    return tuple(found)


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in itertools.count(2))


def _named(name: str, notifiers: Mapping[str, Mapping[str, Any]]) -> Wanted:
    if name not in notifiers and _NAME.fullmatch(name) is None:
        raise UsageError("notify: neither the name of a channel nor a notification URL (it is not shown)")
    table = notifiers.get(name, {})
    rest = {key: value for key, value in table.items() if key not in ("type", _FROM)}
    return Wanted(name, str(table.get("type", name)), rest, _severity(name, table.get(_FROM, "info")))


def _severity(name: str, value: Any) -> Severity:
    try:
        return Severity(value)
    except ValueError:
        raise UsageError(f"notifiers.{name}.{_FROM}: {value!r} is none of {', '.join(Severity)}") from None


def severities(settings: Settings) -> dict[str, Severity]:
    """From which severity on each channel is told."""
    return {one.name: one.severity for one in wanted(settings.notify, settings.notifiers)}


def made(channels: Sequence[Wanted], workplace: Workplace) -> tuple[dict[str, Notifier], dict[str, str]]:
    """The channels by name; and those that cannot be told, with how to change that."""
    ready: dict[str, Notifier] = {}
    not_ready: dict[str, str] = {}
    for one in channels:
        try:
            ready[one.name] = plugins.factory("notifiers", one.type)(one.table, workplace)
        except NotConfigured as error:
            not_ready[one.name] = error.next_step or error.message
    return ready, not_ready


def secrets(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """What the settings of the channels and of the metrics say is secret: URLs, what the variables hold that their
    tables name (`…_env`), and the passwords and tokens in these.
    """
    urls = filter(_URL.match, settings.notify)
    for value in (*urls, *_held(settings, environ)):
        yield value
        if _URL.match(value):
            yield from _tokens(value)


def _held(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    for table in (*settings.notifiers.values(), settings.metrics):
        for key, value in table.items():
            if key.endswith("_env"):
                yield environ.get(str(value), "").strip()
            elif is_secret_name(key):
                yield str(value)


def _tokens(url: str) -> Iterator[str]:
    """The password of a URL, and of its other parts those that look like a token: long, and with a digit."""
    with contextlib.suppress(ValueError):  # it may be no URL after all
        yield unquote(urlsplit(url).password or "")
    for piece in re.split(r"[/:@?&=#,\s]+", unquote(url.partition("://")[2])):
        if len(piece) >= 16 and any(map(str.isdigit, piece)) and "." not in piece:
            yield piece
