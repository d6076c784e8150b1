"""One series of a metrics page, looked at: its count, its labels."""

import math
import re
from collections.abc import Collection, Mapping

from prometheus_client.samples import Sample as Series


def names_of(counter: str) -> tuple[str, str]:
    """The names of a counter's samples: a parser calls them `..._total`, whatever the page does."""
    return counter, f"{counter}_total"


def count(series: Series) -> int:
    """Its value. Raises `ValueError` for what is no count (NaN, infinite, negative)."""
    if not math.isfinite(series.value) or series.value < 0:
        raise ValueError(f"{series.name} is {series.value}, which is no count")
    return round(series.value)


def matches(series: Series, labels: Mapping[str, str]) -> bool:
    """Whether each of these labels has a value that the regular expression matches as a whole."""
    return all(re.fullmatch(pattern, series.labels.get(name, "")) for name, pattern in labels.items())


def lacks(found: Collection[Series], labels: Collection[str]) -> str:
    """The first of `labels` that none of the series has; empty when there is none, or no series."""
    return next((name for name in labels if found and not any(name in one.labels for one in found)), "")
