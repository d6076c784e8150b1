"""What every source that reads Prometheus' series is told of them: the keys of `[metrics]` that they share."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from ..settings import FurtherTable, Name, Table
from .counters import STATUS_LABELS, Selection
from .portions import Portion

_PROBES = ("/metrics", "/healthz", "/readyz", "/livez", "/health", "/ready")
_ROUTE_LABELS = ("handler", "path", "route", "endpoint")


def _is_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


def _is_counter(name: str) -> str:
    if name and not re.fullmatch(r"[A-Za-z_:][A-Za-z0-9_:]*", name):
        raise ValueError("not a counter's name; labels belong into total_labels and bad_labels")
    return name


CounterName = Annotated[str, AfterValidator(_is_counter)]
"""A counter, by its name alone."""

Expression = Annotated[str, AfterValidator(_is_expression)]
"""A regular expression."""


class MoreTable(FurtherTable):
    """A further metric of the service, for the sources `scrape` and `prometheus`: two counters, or one with labels.
    What is bad is said by `bad`, by `bad_labels`, or by both; by neither, it is the errors. The values of labels are
    regular expressions that match the whole value. A counter that is not there is said, and never taken for zero. Such
    as `total = "logins_total"` with `bad_labels = { result = "failed" }`; for the errors of one route
    `total_labels = { route = "/pay" }`, for those of each route `by = "route"`.
    """

    total: CounterName | tuple[CounterName, ...] = Field(
        "", description="The counter of all, or several that add up to it; empty: the one of the requests."
    )
    total_labels: dict[str, Expression] = Field({}, description="Which of its series count, such as one route's.")
    bad: CounterName = Field("", description="The counter of the bad ones; empty: they are counted in total.")
    bad_labels: dict[str, Expression] = Field({}, description='Its series that are bad, such as { result = "failed" }.')

    @model_validator(mode="after")
    def _tells_what_is_bad(self) -> Self:
        if self.totals == (self.bad,) and not self.bad_labels:
            raise ValueError("all of it would be bad: bad is the total, so bad_labels has to say which")
        return self

    @property
    def totals(self) -> tuple[str, ...]:
        """The counters of all, none where it is the one of the requests."""
        return tuple(filter(None, (self.total,) if isinstance(self.total, str) else self.total))

    def portion(self, name: str, requests: str) -> Portion:
        """These rules by the counters' names; `requests` is the counter of the requests."""
        return Portion(
            name=name,
            total=self.totals or (requests,),
            total_labels=self.total_labels,
            bad=self.bad,
            bad_labels=self.bad_labels,
            by=self.by,
            most=self.parts,
        )


class CountedTable(Table):
    """Which labels and statuses count."""

    status_label: str = Field(
        "",
        description="Its label that holds the status; empty: the first of status, code and status_code that is there.",
    )
    exclude: dict[str, tuple[str, ...]] = Field(
        dict.fromkeys(_ROUTE_LABELS, _PROBES),
        description="By label, the values that do not count; by default the routes of probes and metrics.",
    )
    errors: Expression = Field("5..", description="Regular expression for the statuses that are errors.")
    more: dict[Name, MoreTable] = Field({}, description="Further metrics of the service, by name.")

    def selection(self, requests: str, duration: str) -> Selection:
        """These rules for the counter and the histogram of these names."""
        return Selection(
            requests=requests,
            duration=duration,
            status_labels=(self.status_label,) if self.status_label else STATUS_LABELS,
            exclude=self.exclude,
            errors=self.errors,
            further=tuple(table.portion(name, requests) for name, table in self.more.items()),
        )
