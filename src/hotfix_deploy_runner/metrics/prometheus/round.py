"""One round of scrapes: how the instances stand, whether the round is complete, and what was added in it. Pure."""

from collections.abc import Mapping, Sequence

import msgspec

from ...core.fleet import Fleet
from ...core.instant import Instant, Seconds
from ...core.reading import Cursor, Reading, Sample
from ..counters import Counters, Selection
from ..ledger import Life, following, life, nothing, sample
from ..portions import FIRST_TIME
from .lives import Kept, Standing, State
from .pages import Page, added, has


class Undeclared(msgspec.Struct, frozen=True):
    """Why an instance's page has no request counter, empty where it has; and which further metrics it lacks."""

    requests: str = ""
    further: dict[str, str] = {}


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
        self, read: Mapping[Life, Sequence[Page]], undeclared: Mapping[Life, Undeclared], selection: Selection
    ) -> tuple[Reading, Cursor]:
        """The reading of a complete round, from each instance's pages. Raises `NoReading` when none can be used.

        `undeclared` are those whose page lacks a counter.
        """
        silent = self.silent
        found: dict[Life, tuple[Counters | None, Counters]] = {}
        for one in self.fresh:
            own = life(one.instance)
            lacks = undeclared.get(own, Undeclared())
            try:
                totals = added(one.kept.counters, read[own], selection, lacks.further)
            except ValueError as error:
                silent[one.instance.name] = str(error)
                continue
            if lacks.requests:
                silent[one.instance.name] = lacks.requests
            else:
                found[own] = totals
        if not found:
            raise nothing(self.fleet.serving, silent)
        followed = following(self.cursor, (now for _, now in found.values()), selection.further)
        return self._reading(found, silent, followed)

    def _reading(
        self,
        found: Mapping[Life, tuple[Counters | None, Counters]],
        silent: dict[str, str],
        followed: Mapping[str, tuple[str, ...]],
    ) -> tuple[Reading, Cursor]:
        samples: list[Sample] = []
        counted: dict[Life, Kept] = {}
        used = [one for one in self.fresh if life(one.instance) in found]
        for one in used:
            own = life(one.instance)
            increments, now = found[own]
            counted[own] = msgspec.structs.replace(one.kept, counters=now.narrowed(followed), after=one.newest)
            if increments is not None:
                samples.append(sample(one.instance, increments.narrowed(followed)))
            elif self.cursor is not None:
                silent[one.instance.name] = FIRST_TIME
        end = min(one.newest for one in used) - self.ahead
        start = end if self.cursor is None else self.cursor.at
        end = max(start, end)  # the difference of the clocks is not measured twice the same
        reading = Reading(start, end, tuple(samples), silent, pace=max(one.pace for one in used))
        return reading, self._left(end, counted, followed)

    def _left(
        self, at: Instant, counted: Mapping[Life, Kept], followed: Mapping[str, tuple[str, ...]] | None = None
    ) -> Cursor:
        lives = tuple({**self.kept, **counted}.values())
        before = State.of(self.cursor)
        kept = dict(followed or (before.followed if before else {}))
        return Cursor(at, msgspec.to_builtins(State(self.asked, lives, kept)))

    def bare(self, read: Mapping[Life, Sequence[Page]], counter: str, further: str = "") -> tuple[Standing, ...]:
        """Those on whose pages there never was a `counter`, of requests or of a further metric: a newborn, or a page
        that has none.
        """
        return tuple(
            one
            for one in self.fresh
            if not _known(one.kept.counters, further)
            and not any(has(page, counter) for page in read[life(one.instance)])
        )


def _known(counters: Counters | None, further: str) -> bool:
    """Whether there has been a count of the requests, or of a further metric."""
    if counters is None:
        return False
    return further in counters.further if further else counters.requests > 0
