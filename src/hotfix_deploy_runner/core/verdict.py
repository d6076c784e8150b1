"""From evidence to a verdict, with the reason in words and figures."""

from enum import StrEnum
from typing import Any

import msgspec

from . import wording
from .findings import Findings


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


def judge(found: Findings) -> Verdict:
    """The verdict on what was found: the first of the rules that applies, read from top to bottom."""
    kind, reason = _before_the_end(found) or _at_the_end(found)
    return Verdict(
        kind,
        reason,
        error_rate=found.errors.new.rate,
        baseline_error_rate=found.baseline.total.rate,
        p99=found.p99,
        baseline_p99=found.baseline_p99,
        figures=wording.figures(found),
    )


def _before_the_end(found: Findings) -> tuple[Kind, str] | None:
    """What holds at any time; None when nothing does and the window is over."""
    if found.restarted:
        return Kind.BREACHED, wording.restarted(found)
    if found.unhealthy:
        return Kind.BREACHED, wording.unhealthy(found)
    if found.hang.conclusive:
        return Kind.BREACHED, wording.hung(found)
    if found.errors.conclusive:
        return Kind.BREACHED, wording.breached(found)
    if found.failing:
        return Kind.BREACHED, wording.platforms(found)
    if found.guilty:
        return Kind.BREACHED, wording.instances(found)
    # Without a rollback to gain by it, there is no reason to stop watching early.
    if found.slow.conclusive and found.limits.on_slow == "rollback":
        return Kind.SLOW, wording.slow(found)
    if found.rolled_out and found.watched >= found.limits.window:
        return None
    if found.silence > found.limits.blind_for:
        return Kind.BLIND, wording.blind(found)
    return Kind.PENDING, wording.pending(found)


def _at_the_end(found: Findings) -> tuple[Kind, str]:
    """What the whole window says, when nothing was conclusive before its end."""
    if found.over and found.errors.worse:
        return Kind.BREACHED, wording.over_at_the_end(found)
    if found.over and found.not_worse:
        return Kind.NOT_WORSE, wording.not_worse(found)
    if found.over:
        return Kind.UNPROVEN, wording.over_without_proof(found)
    if found.errors.worse:
        return Kind.UNPROVEN, wording.worse_under_the_limit(found)
    if found.slow.conclusive:
        return Kind.SLOW, wording.slow(found)
    if found.quiet:
        return Kind.QUIET, wording.quiet(found)
    return Kind.HEALTHY, wording.healthy(found)
