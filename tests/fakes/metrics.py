"""A metrics source that follows a script, pages to scrape, and what every source has to keep to."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

import msgspec
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from tests.fakes.web import reply, serving

from hotfix_deploy_runner.core.fleet import Fleet, Instance, State
from hotfix_deploy_runner.core.reading import Cursor, Reading
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.errors import NoReading
from hotfix_deploy_runner.ports import MetricsSource

OLD = Revision(version="v2.14.3")


class FakeMetrics:
    """Gives the readings of a script, one a call after the first; None in it, or its end, is `NoReading`.

    Where it is in the script stands in the cursor. A failed call moves on too, as time does.
    """

    def __init__(self, script: Iterable[Reading | None] = (), *, start: float = 0.0) -> None:
        self._script = list(script)
        self._start = start
        self._missed: dict[int, int] = {}
        self.fleets: list[Fleet] = []

    async def read(self, fleet: Fleet, cursor: Cursor | None) -> tuple[Reading, Cursor]:
        self.fleets.append(fleet)
        if cursor is None:
            return Reading(self._start, self._start), Cursor(self._start, {"given": 0})
        given = int(cursor.state["given"])
        missed = self._missed.get(given, 0)
        reading = self._script[given + missed] if given + missed < len(self._script) else None
        if reading is None:
            self._missed[given] = missed + 1
            raise NoReading("the script has no reading here")
        return reading, Cursor(reading.end, {"given": given + missed + 1})


class Page:
    """One instance's counters, as prometheus_client keeps and shows them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ["handler", "status"]
        self._requests = Counter("http_requests_total", "Requests", labels, registry=self.registry)
        self._seconds = Histogram(
            "http_request_duration_seconds", "Time", ["handler"], registry=self.registry, buckets=(0.1, 0.5, 1.0)
        )
        self.answer: tuple[int, bytes] | None = None

    def serve(self, times: int = 1, *, status: int = 200, handler: str = "/login", seconds: float = 0.05) -> None:
        """Count `times` requests."""
        self._requests.labels(handler, str(status)).inc(times)
        for _ in range(times):
            self._seconds.labels(handler).observe(seconds)

    @property
    def text(self) -> bytes:
        return generate_latest(self.registry)

    @contextmanager
    def online(self) -> Iterator[str]:
        """The base URL where it is shown; `answer` (status, body) is shown instead when it is set."""
        with serving(lambda request: reply(request, *self._shown(request.path))) as url:
            yield url

    def _shown(self, path: str) -> tuple[bytes, int]:
        status, body = self.answer or ((200, self.text) if path == "/metrics" else (404, b"no\n"))
        return body, status


def an_instance(
    name: str, endpoint: str | None, *, incarnation: str = "1", revision: Revision = OLD, state: State = State.READY
) -> Instance:
    return Instance(name=name, incarnation=incarnation, revision=revision, state=state, endpoint=endpoint)


def through_json(cursor: Cursor) -> Cursor:
    """As a resumed run finds it in the journal."""
    return msgspec.json.decode(json.dumps(msgspec.to_builtins(cursor)), type=Cursor)


class MetricsSourceContract:
    """To be subclassed by a test class that says how to open a source over a fleet that has traffic."""

    def source(self) -> AbstractContextManager[tuple[MetricsSource, Fleet]]:
        raise AssertionError("the subclass gives the source")

    def test_the_first_reading_only_starts(self) -> None:
        with self.source() as (source, fleet):
            reading, cursor = asyncio.run(source.read(fleet, None))
        assert reading.samples == ()
        assert reading.start == reading.end == cursor.at

    def test_a_reading_begins_where_the_last_ended(self) -> None:
        with self.source() as (source, fleet):
            first, cursor = asyncio.run(source.read(fleet, None))
            second, cursor = asyncio.run(source.read(fleet, through_json(cursor)))
        assert second.start == first.end
        assert second.end == cursor.at >= second.start

    def test_the_same_cursor_gives_the_same_samples(self) -> None:
        with self.source() as (source, fleet):
            _, cursor = asyncio.run(source.read(fleet, None))
            one, _ = asyncio.run(source.read(fleet, cursor))
            again, _ = asyncio.run(source.read(fleet, through_json(cursor)))
        assert one.samples and one.samples == again.samples
