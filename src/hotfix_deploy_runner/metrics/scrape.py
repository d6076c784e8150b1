"""Metrics read from the instances themselves, on the page that each serves for Prometheus."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from pydantic import Field, field_validator

from ..core.fleet import Fleet, Instance
from ..core.instant import Instant, Seconds
from ..core.reading import Cursor, Reading, Sample
from ..doors.http import Http, Unanswered
from ..errors import NoReading
from ..ports import Settings, Workplace
from ..settings import Duration, Table, read_table, reads
from .counters import STATUS_LABELS, Counters, Selection, increment, read_page

PAGE_LIMIT = 8_000_000
"""Bytes of a metrics page; a longer one is not read."""

_PROBES = ("/metrics", "/healthz", "/readyz", "/livez", "/health", "/ready")
_ROUTE_LABELS = ("handler", "path", "route", "endpoint")
_TEXT_FORMAT = {"accept": "text/plain;version=0.0.4"}
_Life = tuple[str, str]  # an instance's name and its incarnation


class ScrapeSettings(Table):
    """The `[metrics]` table of `source = "scrape"`: the Prometheus page that each instance serves."""

    path: str = Field("/metrics", description="The page, on every instance's endpoint.")
    requests: str = Field("http_requests_total", description="The counter of completed requests.")
    status_label: str = Field(
        "",
        description="Its label that holds the status; empty: the first of status, code and status_code that is there.",
    )
    duration: str = Field("http_request_duration_seconds", description="The histogram of latency, in seconds.")
    exclude: dict[str, tuple[str, ...]] = Field(
        dict.fromkeys(_ROUTE_LABELS, _PROBES),
        description="By label, the values that do not count; by default the routes of probes and metrics.",
    )
    errors: str = Field("5..", description="Regular expression for the statuses that are errors.")
    timeout: Duration = Field(1.0, description="How long one instance's page may take.", gt=0)

    @field_validator("errors")
    @classmethod
    def _is_an_expression(cls, errors: str) -> str:
        try:
            re.compile(errors)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return errors


@reads(ScrapeSettings)
def make_source(settings: Settings, workplace: Workplace) -> "ScrapeSource":
    """The factory of the entry point `scrape`. Raises `UsageError` for wrong settings."""
    table = read_table(ScrapeSettings, settings, "metrics")
    selection = Selection(
        requests=table.requests,
        duration=table.duration,
        status_labels=(table.status_label,) if table.status_label else STATUS_LABELS,
        exclude=table.exclude,
        errors=table.errors,
    )
    http = Http(workplace.redact)
    return ScrapeSource(http, selection, path=table.path, timeout=table.timeout, clock=workplace.clock)


class _Kept(msgspec.Struct, frozen=True):
    """What the cursor keeps of one instance. `counters` None: it was there and has never been read."""

    name: str
    incarnation: str
    counters: Counters | None = None


class ScrapeSource:
    """Asks every serving instance for its counters, all at once, and differences them against the cursor's.

    It keeps nothing between calls: all that it knows of the past is in the cursor. An instance that is silent keeps
    its old counters there, so its next increment covers the gap. One that was in no fleet before was born since and
    counts from zero; one that was there unread gives its first sample at its second reading.
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
        answers = {_life(instance): page for instance, page in zip(fleet.serving, pages, strict=True)}
        if not any(isinstance(page, Counters) for page in pages):
            raise _nothing(fleet.serving, answers)
        before = _before(fleet, cursor)
        samples, silent = _compare(fleet.serving, before, answers, first=cursor is None)
        reading = Reading(start=cursor.at if cursor else now, end=now, samples=samples, silent=silent)
        return reading, Cursor(at=now, state=_state(before, answers))

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


def _life(instance: Instance) -> _Life:
    return (instance.name, instance.incarnation)


def _before(fleet: Fleet, cursor: Cursor | None) -> dict[_Life, Counters | None]:
    """The counters from which every instance of the fleet, in any role, is counted; None: not known."""
    kept = msgspec.convert(cursor.state["instances"], tuple[_Kept, ...]) if cursor else ()
    known = {(one.name, one.incarnation): one.counters for one in kept}
    newborn = Counters() if cursor else None
    return {_life(instance): known.get(_life(instance), newborn) for instance in fleet.instances}


def _compare(
    serving: Iterable[Instance],
    before: Mapping[_Life, Counters | None],
    answers: Mapping[_Life, Counters | str],
    *,
    first: bool,
) -> tuple[tuple[Sample, ...], dict[str, str]]:
    """A sample for every instance that can be differenced, and for the others the reason why not."""
    samples: list[Sample] = []
    silent: dict[str, str] = {}
    for instance in serving:
        earlier, answer = before[_life(instance)], answers[_life(instance)]
        if isinstance(answer, str):
            silent[instance.name] = answer
        elif earlier is not None:
            samples.append(_sample(instance, increment(earlier, answer)))
        elif not first:
            silent[instance.name] = "read for the first time: counted from now on"
    return tuple(samples), silent


def _sample(instance: Instance, added: Counters) -> Sample:
    return Sample(
        instance=instance.name,
        incarnation=instance.incarnation,
        version=instance.revision.version,
        requests=added.requests,
        errors=added.errors,
        latency=added.latency,
    )


def _state(
    before: Mapping[_Life, Counters | None], answers: Mapping[_Life, Counters | str]
) -> dict[str, list[dict[str, object]]]:
    """The cursor's JSON: every instance of the fleet with its newest counters."""
    kept = []
    for life, earlier in before.items():
        answer = answers.get(life)
        kept.append(_Kept(*life, counters=answer if isinstance(answer, Counters) else earlier))
    return {"instances": msgspec.to_builtins(kept)}


def _nothing(serving: Sequence[Instance], answers: Mapping[_Life, Counters | str]) -> NoReading:
    reasons = [f"{instance.name}: {answers[_life(instance)]}" for instance in serving]
    if not reasons:
        return NoReading("no instance gave a reading: nothing serves")
    more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return NoReading(f"no instance gave a reading: {reasons[0]}{more}", detail="\n".join(reasons))
