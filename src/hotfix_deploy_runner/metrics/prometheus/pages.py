"""From raw samples to what each scrape added: an instance's page as it was then, put together again. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.samples import Sample as Series

from ..counters import Counters, Selection, increment, totals
from .api import RangeSeries
from .lives import Standing

Page = tuple[Series, ...]
"""What one instance's page held when it was scraped, as far as it was asked for."""


def pages(found: Iterable[RangeSeries], standing: Standing, label: str) -> tuple[Page, ...]:
    """The instance's page at each of its fresh scrapes.

    A sample is a scrape's when it is not older than the scrape before it: a page may give instants of its own. A series
    that went stale has none.
    """
    own = [series for series in found if series.metric.get(label, "") == standing.kept.place]
    starts = (standing.since, *(scrape.at for scrape in standing.fresh))
    return tuple(tuple(_between(own, *span)) for span in zip(starts, (s.at for s in standing.fresh), strict=False))


def _between(own: Sequence[RangeSeries], start: float, end: float) -> Iterator[Series]:
    for series in own:
        inside = [value for at, value in series.values if start < at <= end]
        if inside:
            yield Series(series.metric.get("__name__", ""), series.metric, float(inside[-1]))


def has_requests(page: Page, selection: Selection) -> bool:
    """Whether the page has any series of the request counter."""
    return any(series.name in selection.names for series in page)


def added(before: Counters | None, read: Sequence[Page], selection: Selection) -> tuple[Counters | None, Counters]:
    """What was added over these pages, one after the other, and the totals on the last. Raises as `totals` does.

    Without totals from before, only the last page counts, and nothing was added. A page that has lost all its request
    series is passed over: what a new process has counted since stands on the next.
    """
    if before is None:
        return None, totals(read[-1], selection)
    sum_of, newest = Counters(), before
    for page in read:
        if has_requests(page, selection) or not newest.requests:
            now = totals(page, selection)
            sum_of, newest = sum_of + increment(newest, now), now
    return sum_of, newest
