"""Which scrapes are whose: the lives of a fleet against what the cursor keeps and Prometheus has scraped. Pure."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from ...core.fleet import Fleet, Instance
from ...core.instant import Instant, Seconds, utc
from ...core.reading import Cursor
from ..counters import Counters
from ..ledger import Life, life
from .targets import NEVER, Scrape, Target

_ONE_SCRAPE: Seconds = 1.0
"""How far before the only scrape that is known of an instance its samples are looked for."""


class Kept(msgspec.Struct, frozen=True):
    """What the cursor keeps of one life. `counters` None: it was there and has never been read.

    `place` is what its series have under the instance label. Its scrapes later than `after` (by Prometheus' clock) are
    not counted yet, and are no other life's.
    """

    name: str
    incarnation: str
    place: str
    after: Instant
    counters: Counters | None = None


class State(msgspec.Struct, frozen=True):
    """The cursor's state. `asked` is when the fleet was last looked at, by Prometheus' clock. `followed` are the values
    of divided metrics that are counted.
    """

    asked: Instant
    lives: tuple[Kept, ...] = ()
    followed: dict[str, tuple[str, ...]] = {}

    @classmethod
    def of(cls, cursor: Cursor | None) -> "State | None":
        """What an earlier reading left; None at the first."""
        return msgspec.convert(cursor.state, cls) if cursor else None


class Standing(msgspec.Struct, frozen=True):
    """How one serving instance stands: its `fresh` scrapes, the first of them since `since`, or `why` there are none.

    `waits`: its next scrape is about to come. `pace` is the time between two of them.
    """

    instance: Instance
    kept: Kept
    fresh: tuple[Scrape, ...] = ()
    why: str = ""
    since: Instant = 0.0
    waits: bool = False
    pace: Seconds = 0.0

    @property
    def newest(self) -> Instant:
        """When the last of its fresh scrapes was."""
        return self.fresh[-1].at


def keep(fleet: Fleet, state: State | None, asked: Instant, place: Callable[[Instance], str]) -> dict[Life, Kept]:
    """Every life of the fleet as it is kept from now on: as it was, or for a new one from when its scrapes are its own.

    One that was not there at the last reading counts from zero. Where another life had its place until then, only
    scrapes from now on are surely its own: an older one may be the other's.
    """
    known = {(one.name, one.incarnation): one for one in state.lives} if state else {}
    taken = {one.place for one in known.values()}
    kept: dict[Life, Kept] = {}
    for instance in fleet.instances:
        where = place(instance)
        if state is None:
            newcomer = Kept(*life(instance), where, 0.0)
        else:
            newcomer = Kept(*life(instance), where, asked if where in taken else state.asked, Counters())
        kept[life(instance)] = known.get(life(instance), newcomer)
    return kept


def stand(
    serving: Iterable[Instance], kept: Mapping[Life, Kept], targets: Mapping[str, Target], now: Instant, *, first: bool
) -> tuple[Standing, ...]:
    """How the serving instances stand at `now`, by Prometheus' clock; at the `first` only the newest scrape counts."""
    return tuple(_standing(one, kept[life(one)], targets, now, first) for one in serving)


def _standing(instance: Instance, kept: Kept, targets: Mapping[str, Target], now: Instant, first: bool) -> Standing:
    if not kept.place:
        return Standing(instance, kept, why="it has no endpoint")
    target = targets.get(kept.place, NEVER)
    if trouble := target.trouble(now):
        return Standing(instance, kept, why=f"{trouble} [{kept.place}]")
    pace = target.pace or 0.0
    fresh = target.good_since(kept.after)
    if not fresh:
        return Standing(instance, kept, why=f"no scrape since {utc(target.scrapes[-1].at)}", waits=True, pace=pace)
    fresh = fresh[-1:] if first else fresh
    since = max(kept.after, target.before(fresh[0].at) or fresh[0].at - _ONE_SCRAPE)
    return Standing(instance, kept, fresh, since=since, pace=pace)
