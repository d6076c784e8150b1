"""Which keys the new file gets: what was found out, and what is left to be filled in."""

from collections.abc import Iterator
from typing import NamedTuple

from .found import Found, Guess

_JUNIT = "it has to write JUnit XML to $HOTFIX_JUNIT"


class Entry(NamedTuple):
    """One key. Without a guess it has to be filled in, with something such as `example`, or may be left out.

    `about` is its name for a person, `note` what the value has to be good for.
    """

    room: tuple[str, ...]
    key: str
    about: str
    guess: Guess | None
    example: str = ""
    needed: bool = False
    note: str = ""

    @property
    def path(self) -> str:
        """`checks.tests.command`."""
        return ".".join((*self.room, self.key))


def entries(found: Found) -> list[Entry]:
    """All of them, in the order of the file."""
    return [
        *_general(found),
        *_commands(found),
        *_environment(found, "staging", 1, "9101-9102"),
        *_environment(found, "production", 3, "9111-9116"),
        *_metrics(found),
    ]


def _general(found: Found) -> Iterator[Entry]:
    yield Entry((), "tag_format", "Version tags", found.tag_format, "v{version}")
    if found.remote:
        yield Entry((), "remote", "Remote", found.remote)


def _commands(found: Found) -> Iterator[Entry]:
    language = found.language
    yield Entry(("setup",), "command", "Setup", language.setup)
    yield Entry(("setup",), "inputs", "Inputs of the setup", language.inputs)
    if language.build:
        yield Entry(("build",), "command", "Build", language.build)
    if language.exclude:
        yield Entry(("build",), "exclude", "Not packed", language.exclude)
    tests = language.tests
    example = "make test REPORT=$HOTFIX_JUNIT"
    yield Entry(("checks", "tests"), "command", "Tests", tests, example, needed=True, note=_JUNIT)
    smoke = "make smoke URL=$HOTFIX_URL REPORT=$HOTFIX_JUNIT"
    yield Entry(
        ("staging",), "smoke", "Smoke tests, against $HOTFIX_URL", language.smoke, smoke, needed=True, note=_JUNIT
    )
    if found.migrations and found.migrations.value:
        yield Entry(("migrations",), "command", "Migrations", found.migrations)
    if found.main and found.main.value != ["main"]:
        yield Entry(("merge",), "into", "Merged back to", found.main)


def _environment(found: Found, name: str, instances: int, ports: str) -> Iterator[Entry]:
    room = ("environments", name, "web")
    platform = Guess("process", "the one that needs no service", "where the service really runs")
    yield Entry(room, "platform", "", platform)
    yield Entry(room, "instances", "", Guess(instances, "", "how many there are"))
    yield Entry(room, "ports", "", Guess(ports, "", "free ports, more than instances"))
    example = "exec ./service --port $PORT"
    about = "Start" if name == "production" else ""
    yield Entry(room, "start", about, found.language.start, example, needed=True)
    about = "Health address" if name == "production" else ""
    yield Entry(room, "health", about, found.health, "/healthz", needed=True)


def _metrics(found: Found) -> Iterator[Entry]:
    room = ("metrics",)
    if found.metrics is None:
        none = Guess("none", "no Prometheus client was seen", "without readings a release stays unproven: add one")
        yield Entry(room, "source", "", none)
        note = 'with source = "scrape"'
        yield Entry(room, "requests", "Metrics", None, "http_requests_total", needed=True, note=note)
        return
    yield Entry(room, "source", "Metrics", Guess("scrape", found.metrics.client))
    examples = {"requests": "http_requests_total", "duration": "http_request_duration_seconds"}
    values = found.metrics.values
    for key in dict.fromkeys((*values, *examples)):
        about = {"requests": "Counter of requests", "duration": "Histogram of latency"}.get(key, "")
        yield Entry(room, key, about, values.get(key), examples.get(key, ""), needed=key in examples)
