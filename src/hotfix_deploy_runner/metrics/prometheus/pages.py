"""From raw samples to what each scrape added: an instance's page as it was then, put together again. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client.samples import Sample as Series

from ..counters import Counters, Selection, increment, totals
from ..series import names_of
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


def has(page: Page, counter: str) -> bool:
    """Whether the page has any series of a counter."""
    return any(series.name in names_of(counter) for series in page)


def added(
    before: Counters | None, read: Sequence[Page], selection: Selection, unread: Mapping[str, str]
) -> tuple[Counters | None, Counters]:
    """What was added over these pages, one after the other, and the totals on the last. Raises as `totals` does.

    Without totals from before, only the last page counts, and nothing was added. A page that has lost all its request
    series is passed over: what a new process has counted since stands on the next. So is one that has lost those of a
    further metric, for that metric. `unread` as in `totals`.
    """
    if before is None:
        return None, totals(read[-1], selection, unread)
    sum_of, newest = Counters(), before
    for page in read:
        if has(page, selection.requests) or not newest.requests:
            now = totals(page, selection, {**_lost(page, newest, selection), **unread})
            sum_of, newest = sum_of + increment(newest, now), now.after(newest)
    return sum_of, newest


def _lost(page: Page, before: Counters, selection: Selection) -> dict[str, str]:
    """The further metrics that had been counted and of which the page has nothing."""
    return {
        one.name: f"no {one.total[0]} on its last page"
        for one in selection.further
        if any(tally.requests for tally in before.further.get(one.name, {}).values())
        and not any(has(page, counter) for counter in one.total)
    }
