"""The source itself: one reading a round of scrapes."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from ...core.check import Line
from ...core.fleet import Fleet, Instance
from ...core.instant import Instant, Seconds
from ...core.reading import Cursor, Reading
from ...errors import NoReading
from ..counters import Selection
from ..ledger import Life, life
from .api import QueryApi, RangeSeries
from .examine import examined
from .lives import Standing, State, keep, stand
from .pages import Page, pages
from .queries import Queries, Selector
from .round import Round, Undeclared
from .targets import targets


class PrometheusSource:
    """Asks Prometheus for the raw samples of the scrapes that came since the cursor's, and differences them.

    A reading covers what was scraped, not what was asked: it ends with the newest scrape of the instance that was
    scraped longest ago, so that all that happened until then is in it. Until every instance has been scraped anew a
    reading is empty, covers no time, and says of whom there is no scrape: neither a reading of zeros nor yet blindness.
    An instance that is not scraped (any more) holds nobody up: it is silent, and says why. Every scrape is differenced
    against the one before, so that no reset between two readings is missed. Instants of Prometheus' clock are told in
    ours by their difference, measured at each reading.
    """

    def __init__(
        self,
        api: QueryApi,
        queries: Queries,
        selection: Selection,
        *,
        lookback: Seconds = 60.0,
        clock: Callable[[], Instant] = time.time,
    ) -> None:
        self._api, self._queries, self._selection = api, queries, selection
        self._lookback = lookback
        self._clock = clock

    async def read(self, fleet: Fleet, cursor: Cursor | None) -> tuple[Reading, Cursor]:
        """The increments since `cursor`; without one, an empty reading to start from. Raises `NoReading`."""
        before = self._clock()
        asked = await self._api.now()
        ahead = asked - (before + self._clock()) / 2
        kept = keep(fleet, State.of(cursor), asked, self._queries.place)
        scraped = await self._samples(self._queries.up, fleet.serving, self._lookback)
        known = targets(scraped, self._queries.label)
        standings = stand(fleet.serving, kept, known, asked, first=cursor is None)
        found = Round(fleet, cursor, kept, standings, asked, ahead)
        if not found.complete:
            return found.awaited()
        read = await self._pages(found.fresh)
        undeclared = await self._undeclared(found, read)
        return await asyncio.to_thread(found.counted, read, undeclared, self._selection)

    async def examine(self) -> Sequence[Line]:
        """Whether the server answers, how often it scrapes, and how old its newest scrapes are."""
        return await examined(self._api, self._queries, self._lookback)

    async def _pages(self, fresh: Sequence[Standing]) -> Mapping[Life, Sequence[Page]]:
        """Each instance's page at each of its fresh scrapes."""
        serving = [one.instance for one in fresh]
        start, end = min(one.since for one in fresh), max(one.newest for one in fresh)
        counters = self._queries.counters
        found = await asyncio.gather(*(self._samples(one, serving, end - start, end) for one in counters))
        series = [one for several in found for one in several]
        return {life(one.instance): pages(series, one, self._queries.label) for one in fresh}

    async def _samples(
        self, selector: Selector, instances: Iterable[Instance], length: Seconds, at: Instant | None = None
    ) -> list[RangeSeries]:
        places = {place: one.revision.version for one in instances if (place := self._queries.place(one))}
        asked = [self._api.samples(query, length, at) for query in selector.filled(places)] if places else []
        return [series for several in await asyncio.gather(*asked) for series in several]

    async def _undeclared(self, found: Round, read: Mapping[Life, Sequence[Page]]) -> Mapping[Life, Undeclared]:
        """Of which instances there is no counter, of the requests or of a further metric."""
        requests = self._queries.requests.name
        lacking = await self._missing(requests, found.bare(read, requests))
        further: dict[Life, dict[str, str]] = {own: {} for own in read}
        for one in self._selection.further:
            for counter in one.counters:
                bare = found.bare(read, counter, one.name) if counter != requests else ()
                for own, why in (await self._missing(counter, bare)).items():
                    further[own][one.name] = why
        return {own: Undeclared(lacking.get(own, ""), further[own]) for own in read}

    async def _missing(self, counter: str, bare: Sequence[Standing]) -> Mapping[Life, str]:
        """Those whose page declares no such counter, as far as Prometheus knows. One that does starts at zero."""
        if not bare:
            return {}
        label, asked = self._queries.label, self._queries.targets(one.kept.place for one in bare)
        names = dict.fromkeys((counter, counter.removesuffix("_total"), counter.removesuffix("_count")))
        try:
            declared = [one for each in names for one in await self._api.declaring(each, asked)]
        except NoReading as error:
            why = f"there is no {counter} of it, and whether its page declares one is not known: {error.message}"
            return {life(one.instance): why for one in bare}
        declaring = {labels.get(label, "") for labels in declared}
        return {life(one.instance): f"no {counter} on its page" for one in bare if one.kept.place not in declaring}
