"""One round of scrapes: how the instances stand, whether the round is complete, and what was added in it. Pure."""

from collections.abc import Mapping, Sequence

import msgspec

from ...core.fleet import Fleet
from ...core.instant import Instant, Seconds
from ...core.reading import Cursor, Reading, Sample
from ..counters import Selection
from ..ledger import FIRST_TIME, Life, life, nothing, sample
from .lives import Kept, Standing, State
from .pages import Page, added, has_requests


class Round(msgspec.Struct, frozen=True):
    """What one reading is made of.

    `asked` is when the fleet was looked at, by Prometheus' clock, which is `ahead` of ours in seconds.
    """

    fleet: Fleet
    cursor: Cursor | None
    kept: Mapping[Life, Kept]
    standings: tuple[Standing, ...]
    asked: Instant
    ahead: Seconds

    @property
    def fresh(self) -> tuple[Standing, ...]:
        """Those that were scraped since they were last counted."""
        return tuple(one for one in self.standings if one.fresh)

    @property
    def silent(self) -> dict[str, str]:
        """Those of which there is nothing to be counted, with the reason."""
        return {one.instance.name: one.why for one in self.standings if one.why}

    @property
    def complete(self) -> bool:
        """Whether everybody was scraped anew, of those who are scraped at all. Raises `NoReading` when nobody is."""
        if any(one.waits for one in self.standings):
            return False
        if not self.fresh:
            raise nothing(self.fleet.serving, self.silent)
        return True

    def awaited(self) -> tuple[Reading, Cursor]:
        """Of a round that is not complete: an empty reading that covers no time. Raises `NoReading` at the first."""
        if self.cursor is None:
            raise nothing([one.instance for one in self.standings if one.why], self.silent)
        waiting = {one.instance.name: "scraped; it is read with the others" for one in self.fresh}
        return Reading(self.cursor.at, self.cursor.at, silent=self.silent | waiting), self._left(self.cursor.at, {})

    def counted(
        self, read: Mapping[Life, Sequence[Page]], undeclared: Mapping[Life, str], selection: Selection
    ) -> tuple[Reading, Cursor]:
        """The reading of a complete round, from each instance's pages. Raises `NoReading` when none can be used.

        `undeclared` are those that have no request counter, with the reason.
        """
        samples: list[Sample] = []
        counted: dict[Life, Kept] = {}
        silent = self.silent
        for one in self.fresh:
            own = life(one.instance)
            try:
                increments, now = added(one.kept.counters, read[own], selection)
            except ValueError as error:
                silent[one.instance.name] = str(error)
                continue
            if own in undeclared:
                silent[one.instance.name] = undeclared[own]
                continue
            counted[own] = msgspec.structs.replace(one.kept, counters=now, after=one.newest)
            if increments is not None:
                samples.append(sample(one.instance, increments))
            elif self.cursor is not None:
                silent[one.instance.name] = FIRST_TIME
        if not counted:
            raise nothing(self.fleet.serving, silent)
        return self._reading(tuple(samples), silent, counted)

    def _reading(
        self, samples: tuple[Sample, ...], silent: dict[str, str], counted: Mapping[Life, Kept]
    ) -> tuple[Reading, Cursor]:
        used = [one for one in self.fresh if life(one.instance) in counted]
        end = min(one.newest for one in used) - self.ahead
        start = end if self.cursor is None else self.cursor.at
        end = max(start, end)  # the difference of the clocks is not measured twice the same
        reading = Reading(start, end, samples, silent, pace=max(one.pace for one in used))
        return reading, self._left(end, counted)

    def _left(self, at: Instant, counted: Mapping[Life, Kept]) -> Cursor:
        lives = tuple({**self.kept, **counted}.values())
        return Cursor(at, msgspec.to_builtins(State(self.asked, lives)))

    def bare(self, read: Mapping[Life, Sequence[Page]], selection: Selection) -> tuple[Standing, ...]:
        """Those on whose pages there never was a request counter: a newborn, or a page that has none."""
        return tuple(
            one
            for one in self.fresh
            if not (one.kept.counters and one.kept.counters.requests)
            and not any(has_requests(page, selection) for page in read[life(one.instance)])
        )
