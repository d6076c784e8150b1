"""Metrics read from the instances themselves, on the page that each serves for Prometheus."""

import asyncio
import time
from collections.abc import Callable

from pydantic import Field

from ..core.fleet import Fleet, Instance
from ..core.instant import Instant, Seconds
from ..core.reading import Cursor, Reading
from ..doors.http import Http, Unanswered
from ..ports import Settings, Workplace
from ..settings import Duration, read_table, reads
from .counters import Counters, Selection, read_page
from .ledger import life, settle
from .tables import CountedTable

PAGE_LIMIT = 8_000_000
"""Bytes of a metrics page; a longer one is not read."""

_TEXT_FORMAT = {"accept": "text/plain;version=0.0.4"}


class ScrapeSettings(CountedTable):
    """The `[metrics]` table of `source = "scrape"`: the Prometheus page that each instance serves."""

    path: str = Field("/metrics", description="The page, on every instance's endpoint.")
    requests: str = Field("http_requests_total", description="The counter of completed requests.")
    duration: str = Field("http_request_duration_seconds", description="The histogram of latency, in seconds.")
    timeout: Duration = Field(1.0, description="How long one instance's page may take.", gt=0)


@reads(ScrapeSettings)
def make_source(settings: Settings, workplace: Workplace) -> "ScrapeSource":
    """The factory of the entry point `scrape`. Raises `UsageError` for wrong settings."""
    table = read_table(ScrapeSettings, settings, "metrics")
    selection = table.selection(table.requests, table.duration)
    http = Http(workplace.redact)
    return ScrapeSource(http, selection, path=table.path, timeout=table.timeout, clock=workplace.clock)


class ScrapeSource:
    """Asks every serving instance for its counters, all at once, and differences them against the cursor's.

    It keeps nothing between calls; `ledger.settle` says how instances come and go.
    """

    def __init__(
        self,
        http: Http,
        selection: Selection,
        *,
        path: str = "/metrics",
        timeout: Seconds = 1.0,
        clock: Callable[[], Instant] = time.time,
    ) -> None:
        self._http = http
        self._selection = selection
        self._path = path
        self._page = path.partition("?")[0]  # as it is told: what follows may hold a token
        self._timeout = timeout
        self._clock = clock

    async def read(self, fleet: Fleet, cursor: Cursor | None) -> tuple[Reading, Cursor]:
        """The increments since `cursor`; without one, an empty reading to start from. Raises `NoReading`."""
        # Before asking: whatever happened up to `now` is in the counters. A clock set back makes an empty interval.
        now = max(self._clock(), cursor.at if cursor else 0.0)
        pages = await asyncio.gather(*(self._counters(instance) for instance in fleet.serving))
        answers = {life(instance): page for instance, page in zip(fleet.serving, pages, strict=True)}
        return settle(fleet, cursor, now, answers, self._selection.further)

    async def _counters(self, instance: Instance) -> Counters | str:
        """The instance's totals, or why there are none."""
        if instance.endpoint is None:
            return "it has no endpoint"
        url = f"{instance.endpoint.rstrip('/')}/{self._path.lstrip('/')}"
        try:
            answer = await self._http.get(url, self._timeout, PAGE_LIMIT, _TEXT_FORMAT)
        except Unanswered as error:
            return error.message
        if answer.status != 200:
            return f"{self._page} answered {answer.status}"
        try:
            # Parsing a page of a megabyte takes 150 ms.
            return await asyncio.to_thread(read_page, answer.text, self._selection)
        except ValueError as error:
            return f"{self._page}: {str(error)[:200] or 'not a metrics page'}"
