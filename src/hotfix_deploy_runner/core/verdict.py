"""From evidence to a verdict, with the reason in words and figures."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec

from . import wording
from .findings import Findings
from .judged import Judged, Standing, judged


class Kind(StrEnum):
    """What the evidence says of the new revision."""

    PENDING = "pending"
    HEALTHY = "healthy"
    BREACHED = "breached"
    SLOW = "slow"
    WARNED = "warned"
    NOT_WORSE = "not worse"
    UNPROVEN = "unproven"
    BLIND = "blind"
    QUIET = "quiet"


class Verdict(msgspec.Struct, frozen=True):
    """A judgement and its reason, for a person. `figures` are the numbers in it, for a machine.

    PENDING is no verdict yet. SLOW is p99 conclusively over its limit, WARNED a further metric that only warns. `p99`
    values are seconds or None. `further` are the service's further metrics, once there is a verdict.
    """

    kind: Kind
    reason: str
    error_rate: float | None = None
    baseline_error_rate: float | None = None
    p99: float | None = None
    baseline_p99: float | None = None
    figures: dict[str, Any] = {}
    further: tuple[Judged, ...] = ()


def judge(found: Findings) -> Verdict:
    """The verdict on what was found: the first of the rules that applies, read from top to bottom."""
    early = _before_the_end(found)
    further = () if early is not None and early[0] is Kind.PENDING else judged(found)
    kind, reason = early or _at_the_end(found, further)
    return Verdict(
        kind,
        reason,
        error_rate=found.errors.new.rate,
        baseline_error_rate=found.baseline.total.rate,
        p99=found.p99,
        baseline_p99=found.baseline_p99,
        figures=wording.figures(found),
        further=further,
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
    if found.further.breached:
        return Kind.BREACHED, wording.breached_further(found)
    # Without a rollback to gain by it, there is no reason to stop watching early.
    if found.slow.conclusive and found.limits.on_slow == "rollback":
        return Kind.SLOW, wording.slow(found)
    if found.rolled_out and found.watched >= found.limits.window:
        return None
    if found.silence > found.limits.blind_for:
        return Kind.BLIND, wording.blind(found)
    return Kind.PENDING, wording.pending(found)


def _at_the_end(found: Findings, further: tuple[Judged, ...]) -> tuple[Kind, str]:
    """What the whole window says, when nothing was conclusive before its end."""
    if found.over and found.errors.worse:
        return Kind.BREACHED, wording.over_at_the_end(found)
    if breached := [one for one in further if one.bad and not one.warns]:
        return Kind.BREACHED, f"at the window's end, {_reasons(breached)}"
    if found.over and found.not_worse:
        return Kind.NOT_WORSE, wording.not_worse(found)
    if found.over:
        return Kind.UNPROVEN, wording.over_without_proof(found)
    if found.errors.worse:
        return Kind.UNPROVEN, wording.worse_under_the_limit(found)
    if found.slow.conclusive:
        return Kind.SLOW, wording.slow(found)
    if warned := [one for one in further if one.bad]:
        return Kind.WARNED, _reasons(warned)
    if doubtful := [one for one in further if one.standing in (Standing.DOUBTFUL, Standing.UNREAD)]:
        return Kind.UNPROVEN, _reasons(doubtful)
    if found.quiet:
        return Kind.QUIET, wording.quiet(found)
    return Kind.HEALTHY, wording.healthy(found)


def _reasons(several: Sequence[Judged]) -> str:
    return "; ".join(one.reason for one in several)
