"""What people are told, and when. A fold of the run's events like every other view."""

from enum import StrEnum
from typing import Any

import msgspec

from .instant import Instant

Thread = dict[str, Any]
"""Where a channel goes on with a run's notices (a message's timestamp, say). Opaque JSON; only its channel reads it."""


class Severity(StrEnum):
    """How much it matters, ascending: a channel chooses from which on it is told."""

    INFO = "info"
    GOOD = "good"
    WARNING = "warning"
    CRITICAL = "critical"

    def reaches(self, least: "Severity") -> bool:
        """Whether it matters at least as much as `least`."""
        order = list(Severity)
        return order.index(self) >= order.index(least)


class Standing(msgspec.Struct, frozen=True):
    """Where a run stands, in words: for a message that is kept up to date instead of being followed by another.

    `result` is empty until the run has come to an end.
    """

    headline: str
    versions: str
    phase: str
    result: str = ""


class Notice(msgspec.Struct, frozen=True):
    """One message to people. `id` is unique within the run and the same after a resume, so that it is told once.

    `terminal` ones (how the run ended) are told at least once; the rest at most once. `standing` is None for a notice
    that is about no run (a test).
    """

    id: str
    run: str
    at: Instant
    severity: Severity
    title: str
    text: str = ""
    terminal: bool = False
    standing: Standing | None = None
