"""How long it took to detect, to deploy and to recover: figures of a run. Pure."""

from collections.abc import Sequence

import msgspec

from .events import AnyEvent, CourseChanged, ReadingTaken, VerdictReached
from .instant import Instant, Seconds
from .run import Progress, Run
from .step import Course


class Times(msgspec.Struct, frozen=True):
    """Lengths in seconds; None where it did not come to that.

    `to_detect`: from the end of the first reading with an error of the new version to the verdict that turned the
    run. `to_deploy`: from the run's start to the last new instance. `to_recover`: from the turn to the old version
    verified everywhere; for a rollback that was asked for as a run of its own, from its start.
    """

    to_detect: Seconds | None = None
    to_deploy: Seconds | None = None
    to_recover: Seconds | None = None


def times(run: Run, events: Sequence[AnyEvent]) -> Times:
    """The times of `run`, which is the fold of `events`."""
    return Times(
        _between(_first_error(events, run.facts.version), _verdict_that_turned(events)),
        _between(run.started, _last_new_instance(run)),
        _between(_turn(run, events), _recovered(run)),
    )


def _between(start: Instant | None, end: Instant | None) -> Seconds | None:
    return None if start is None or end is None or end < start else end - start


def _first_error(events: Sequence[AnyEvent], version: str) -> Instant | None:
    """The end of the first reading in which an instance of `version` had an error."""
    readings = (event.reading for event in events if isinstance(event, ReadingTaken))
    bad = (r.end for r in readings if any(s.errors and s.version == version for s in r.samples))
    return next(bad, None)


def _verdict_that_turned(events: Sequence[AnyEvent]) -> Instant | None:
    """The verdict whose reason is the turn's; they are recorded in one breath."""
    reasons = {event.why for event in events if isinstance(event, CourseChanged)}
    verdicts = (event for event in events if isinstance(event, VerdictReached))
    return next((event.at for event in verdicts if event.verdict.reason in reasons), None)


def _last_new_instance(run: Run) -> Instant | None:
    last = (p.ended_at for p in run.steps.values() if p.step.does == "batch" and p.step.args.get("last") and p.passed)
    return next(last, None)


def _turn(run: Run, events: Sequence[AnyEvent]) -> Instant | None:
    if run.request.action == "rollback":
        return run.started
    back = (e.at for e in events if isinstance(e, CourseChanged) and e.course is Course.BACK)
    return next(back, None)


def _recovered(run: Run) -> Instant | None:
    """When the last platform was observed on the old version; None when one was not."""
    restored: list[Progress] = [p for p in run.steps.values() if p.step.does in ("restore", "turn")]
    ended = [p.ended_at for p in restored if p.passed and p.ended_at is not None]
    return max(ended) if restored and len(ended) == len(restored) else None
