"""What `doctor` is told of a Prometheus."""

from collections.abc import Sequence

from ...core.check import Line, Status
from ...core.instant import Seconds, spoken
from ...errors import NoReading
from .api import QueryApi
from .queries import Queries
from .targets import targets


async def examined(api: QueryApi, queries: Queries, lookback: Seconds) -> Sequence[Line]:
    """Whether the server answers, how often it scrapes what is watched, and how old its newest scrapes are."""
    try:
        now = await api.now()
        everything = queries.up.anywhere
        found = targets(await api.samples(everything, lookback), queries.label)
    except NoReading as error:
        return [Line(Status.FAIL, f"Prometheus: {error.message}", tuple(filter(None, (error.next_step,))))]
    if not found:
        how = f"no {queries.up.name} in the last {spoken(lookback)}: set metrics.lookback to three times its interval"
        return [Line(Status.WARN, f"Prometheus: {api.place} answers, and scrapes nothing", (how,))]
    paces = [target.pace for target in found.values() if target.pace is not None]
    newest = max(target.scrapes[-1].at for target in found.values())
    every = f"every {max(paces):.3g} s" if paces else "once so far"
    ok = Line(Status.OK, f"Prometheus: {api.place} scrapes {every}; its newest scrape is {spoken(now - newest)} old")
    if paces and 3 * max(paces) > lookback:
        return [ok, Line(Status.WARN, f"Prometheus: metrics.lookback is too short for that ({spoken(lookback)})")]
    return [ok]
