"""Time as a value."""

from datetime import UTC, datetime

Instant = float
"""Seconds since 1970-01-01 00:00 UTC. The core is given instants; it never asks for one."""

Seconds = float
"""A length of time."""


def utc(at: Instant) -> str:
    """`at` as `2026-11-23T03:12:09Z`, for documents and diagnostics."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
