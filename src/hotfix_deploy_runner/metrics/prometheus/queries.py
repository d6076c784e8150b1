"""What is asked of Prometheus: selectors from the settings, filled in for a fleet. And which series are whose."""

import re
from collections.abc import Iterable, Iterator
from typing import Self
from urllib.parse import urlsplit

import msgspec

from ...core.fleet import Instance
from .settings import PrometheusSettings

_INSTANCES, _REVISION = "{instances}", "{revision}"
_NOT_LITERAL = re.compile(r"[^A-Za-z0-9_:/-]")


class Selector(msgspec.Struct, frozen=True):
    """A selector with places to fill in. Made with `of`."""

    text: str

    @classmethod
    def of(cls, written: str, label: str) -> Self:
        """`written`, a whole selector or a name; a name is narrowed to the instances."""
        return cls(written if "{" in written else f'{written}{{{label}=~"{_INSTANCES}"}}')

    @property
    def name(self) -> str:
        """The metric's name, without what narrows it."""
        return self.text.partition("{")[0].strip()

    @property
    def anywhere(self) -> str:
        """What to ask for whatever the instances are; a selector that fixes more than these is asked for its name."""
        return self.text.replace(_INSTANCES, ".+") if _REVISION not in self.text else self.name

    def filled(self, places: dict[str, str]) -> Iterator[str]:
        """What to ask for these places, each with its version: one query, or one a version where it is asked for."""
        if _REVISION not in self.text:
            yield self.text.replace(_INSTANCES, _any_of(places))
            return
        for version in dict.fromkeys(places.values()):
            these = _any_of(place for place, runs in places.items() if runs == version)
            yield self.text.replace(_INSTANCES, these).replace(_REVISION, _quoted(version))


class Queries(msgspec.Struct, frozen=True):
    """All of them. `label` is where a series says whose it is, `whose` how an instance is called there."""

    requests: Selector
    further: tuple[Selector, ...]
    duration: Selector | None
    up: Selector
    label: str
    whose: str

    @classmethod
    def of(cls, table: PrometheusSettings) -> Self:
        """Those of the settings."""
        label, duration = table.instance_label, table.duration
        if duration and "{" not in duration:
            duration = f"{duration.removesuffix('_bucket')}_bucket"
        return cls(
            Selector.of(table.requests, label),
            tuple(
                Selector.of(name, label) for more in table.more.values() for name in (*more.totals, more.bad) if name
            ),
            Selector.of(duration, label) if duration else None,
            Selector.of(table.up, label),
            label,
            table.instance,
        )

    @property
    def counters(self) -> tuple[Selector, ...]:
        """All series that are read at a scrape."""
        several = (self.requests, *self.further, *((self.duration,) if self.duration else ()))
        return tuple(dict.fromkeys(several))

    @property
    def histogram(self) -> str:
        """The histogram's name, empty when none is read."""
        return self.duration.name.removesuffix("_bucket") if self.duration else ""

    def place(self, instance: Instance) -> str:
        """What the instance's series have under the label; empty when it has no endpoint and that is asked for."""
        host, port = _address(instance.endpoint)
        if not host and ("{host}" in self.whose or "{port}" in self.whose):
            return ""
        values = {"{host}": host, "{port}": port, "{name}": instance.name, "{incarnation}": instance.incarnation}
        return re.sub(r"\{(?:host|port|name|incarnation)\}", lambda found: values[found[0]], self.whose)

    def targets(self, places: Iterable[str]) -> str:
        """A selector of targets, for their metadata."""
        return f'{{{self.label}=~"{_any_of(places)}"}}'


def _address(endpoint: str | None) -> tuple[str, str]:
    if not endpoint:
        return "", ""
    parsed = urlsplit(endpoint)
    host = parsed.hostname or ""
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    return (f"[{host}]" if ":" in host else host), str(port)


def _any_of(places: Iterable[str]) -> str:
    """A regular expression that finds each of them. What could mean more than itself, in it or in the quotes round it,
    is a dot: which series are whose is looked at again in the answer.
    """
    return "|".join(_NOT_LITERAL.sub(".", place) for place in places)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
