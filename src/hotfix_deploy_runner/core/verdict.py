"""From evidence to a verdict, with the reason in words and figures."""

from enum import StrEnum
from typing import Any

import msgspec


class Kind(StrEnum):
    """What the evidence says of the new revision."""

    PENDING = "pending"
    HEALTHY = "healthy"
    BREACHED = "breached"
    SLOW = "slow"
    NOT_WORSE = "not worse"
    UNPROVEN = "unproven"
    BLIND = "blind"
    QUIET = "quiet"


class Verdict(msgspec.Struct, frozen=True):
    """A judgement and its reason, for a person. `figures` are the numbers in it, for a machine.

    PENDING is no verdict yet. SLOW is p99 conclusively over its limit. `p99` values are seconds or None.
    """

    kind: Kind
    reason: str
    error_rate: float | None = None
    baseline_error_rate: float | None = None
    p99: float | None = None
    baseline_p99: float | None = None
    figures: dict[str, Any] = {}
