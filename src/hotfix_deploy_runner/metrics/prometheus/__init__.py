"""The source `prometheus`: raw counters asked of Prometheus' query API, and differenced here.

Never `rate()` or `increase()`: they extrapolate, and smear what happened over their window. What is asked for are the
raw samples of range selectors, which carry the instants of their scrapes and leave out what went stale
(https://prometheus.io/docs/prometheus/latest/querying/api/).
"""

from ...doors.http import Http
from ...ports import Settings, Workplace
from ...settings import read_table, reads
from .api import QueryApi
from .queries import Queries
from .settings import PrometheusSettings, authorization
from .source import PrometheusSource


@reads(PrometheusSettings)
def make_source(settings: Settings, workplace: Workplace) -> PrometheusSource:
    """The factory of the entry point `prometheus`. Raises `UsageError` for wrong settings and variables not set."""
    table = read_table(PrometheusSettings, settings, "metrics")
    headers = {**table.headers, **authorization(table)}
    api = QueryApi(Http(workplace.redact), table.url, headers, table.timeout)
    queries = Queries.of(table)
    selection = table.selection(queries.requests.name, queries.histogram)
    return PrometheusSource(api, queries, selection, lookback=table.lookback, clock=workplace.clock)
