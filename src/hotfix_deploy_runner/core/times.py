"""How long it took to detect, to deploy and to recover: figures of a run. Pure."""

from collections.abc import Sequence

import msgspec

from .events import AnyEvent, CourseChanged, ReadingTaken, RequestReceived
from .instant import Instant, Seconds
from .plan_back import OBSERVE
from .run import Run
from .step import Course


class Times(msgspec.Struct, frozen=True):
    """Lengths in seconds; None where it did not come to that.

    `to_detect`: from the first sign of trouble to the turn, where the run turned by itself once the new version was
    on its way in. The first sign is the start of the first reading with an error of the new version, so that the time
    is never told shorter than it was; without such a reading (it hung, or never became healthy), the start of the
    first batch.
    `to_deploy`: from the run's start to the last new instance; to the candidate, where the target is staging.
    `to_recover`: from the turn to the old version verified everywhere; for a rollback that was asked for as a run of
    its own, from its start.
    """

    to_detect: Seconds | None = None
    to_deploy: Seconds | None = None
    to_recover: Seconds | None = None


def times(run: Run, events: Sequence[AnyEvent]) -> Times:
    """The times of `run`, which is the fold of `events`."""
    detected = _detected(run, events)
    return Times(
        None if detected is None else _between(_first_sign(run, events, detected), detected),
        _between(run.started, _deployed(run)),
        _between(_turned_back(run, events), recovered(run)),
    )


def recovered(run: Run) -> Instant | None:
    """When the last platform was observed on what was to be brought back; None while one was not.

    Where all were found on it already, nothing was left to restore: that observation is it.
    """
    observed = run.steps.get(OBSERVE)
    back = [p for p in run.steps.values() if p.step.does in ("restore", "turn")]
    if not back and observed is not None and observed.passed and "mark" in run.steps:
        return observed.ended_at
    ended = [p.ended_at for p in back if p.passed and p.ended_at is not None]
    return max(ended) if back and len(ended) == len(back) else None


def _between(start: Instant | None, end: Instant | None) -> Seconds | None:
    return None if start is None or end is None or end < start else end - start


def _detected(run: Run, events: Sequence[AnyEvent]) -> Instant | None:
    """When a deploy turned by itself, back or to be held; None when a person turned it, or nothing was touched."""
    for event in events:
        if isinstance(event, RequestReceived):
            return None
        if isinstance(event, CourseChanged):
            touched = run.touched_at is not None and run.touched_at <= event.at
            by_itself = event.course in (Course.BACK, Course.FINISH) and run.request.action == "deploy"
            return event.at if touched and by_itself else None
    return None


def _first_sign(run: Run, events: Sequence[AnyEvent], by: Instant) -> Instant | None:
    readings = (event.reading for event in events if isinstance(event, ReadingTaken) and event.at <= by)
    bad = (r.start for r in readings if any(s.errors and s.version == run.facts.version for s in r.samples))
    return next(bad, run.touched_at)


def _deployed(run: Run) -> Instant | None:
    if run.request.first:
        return recovered(run)
    staging = run.request.target == "staging"
    for progress in run.steps.values():
        step = progress.step
        last = step.does == "deploy" if staging else step.does == "batch" and bool(step.args.get("last"))
        if last and progress.passed:
            return progress.ended_at
    return None


def _turned_back(run: Run, events: Sequence[AnyEvent]) -> Instant | None:
    if run.request.action == "rollback":
        return None if run.request.first else run.started
    back = (e.at for e in events if isinstance(e, CourseChanged) and e.course is Course.BACK)
    return next(back, None)
