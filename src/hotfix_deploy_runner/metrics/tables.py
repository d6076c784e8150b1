"""What every source that reads Prometheus' series is told of them: the keys of `[metrics]` that they share."""

import re

from pydantic import Field, field_validator

from ..settings import Table
from .counters import STATUS_LABELS, Selection

_PROBES = ("/metrics", "/healthz", "/readyz", "/livez", "/health", "/ready")
_ROUTE_LABELS = ("handler", "path", "route", "endpoint")


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
    errors: str = Field("5..", description="Regular expression for the statuses that are errors.")

    @field_validator("errors")
    @classmethod
    def _is_an_expression(cls, errors: str) -> str:
        try:
            re.compile(errors)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return errors

    def selection(self, requests: str, duration: str) -> Selection:
        """These rules for the counter and the histogram of these names."""
        return Selection(
            requests=requests,
            duration=duration,
            status_labels=(self.status_label,) if self.status_label else STATUS_LABELS,
            exclude=self.exclude,
            errors=self.errors,
        )
