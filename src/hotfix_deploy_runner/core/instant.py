"""Time as a value."""

import re
from datetime import UTC, datetime

Instant = float
"""Seconds since 1970-01-01 00:00 UTC. The core is given instants; it never asks for one."""

Seconds = float
"""A length of time."""


def utc(at: Instant) -> str:
    """`at` as `2026-11-23T03:12:09Z`, for documents and diagnostics."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def duration(value: str | float) -> Seconds:
    """The seconds that `"10m"`, `"1m30s"`, `"500ms"` or a plain number of seconds stands for.

    Raises `ValueError` for anything else, negative numbers included.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    parts = _DURATION.findall(str(value))
    if not parts or "".join(number + unit for number, unit in parts) != value:
        raise ValueError(f"{value!r} is not a duration such as 10m, 1m30s or 500ms")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def spoken(length: Seconds) -> str:
    """A length as a person says it: `0.4 s`, `12 s`, `3m 05s`, `1h 02m`."""
    if length < 9.95:
        return f"{length:.1f} s"
    if length < 59.5:
        return f"{length:.0f} s"
    minutes, seconds = divmod(round(length), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m {seconds:02d}s"
