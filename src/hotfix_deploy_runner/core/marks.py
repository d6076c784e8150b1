"""The instants that explain a run's measurements: what was done to the target, and what was decided. Pure."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from .events import AnyEvent, CourseChanged, VerdictReached
from .instant import Instant
from .run import Run
from .step import Course
from .times import recovered


class What(StrEnum):
    """What a mark is about. BATCH: the new version is about to serve in more instances. LIVE: it is in all of them."""

    TAG = "tag"
    BATCH = "batch"
    LIVE = "live"
    VERDICT = "verdict"
    ROLLBACK = "rollback"
    STOPPED = "stopped"
    RESTORED = "restored"


class Mark(msgspec.Struct, frozen=True):
    """One instant with a label of a word or two."""

    at: Instant
    what: What
    label: str


def marks(run: Run, events: Sequence[AnyEvent]) -> tuple[Mark, ...]:
    """The marks in order of time. `run` is the fold of `events`."""
    found = [*_of_steps(run), *(mark for event in events for mark in _of_event(run, event))]
    if not run.request.first and (at := recovered(run)) is not None:
        found.append(Mark(at, What.RESTORED, "restored"))
    return tuple(sorted(found, key=lambda mark: mark.at))


def _of_steps(run: Run) -> Iterator[Mark]:
    for progress in run.steps.values():
        step = progress.step
        if step.does == "tag" and progress.passed and not step.args.get("candidate") and progress.ended_at is not None:
            yield Mark(progress.ended_at, What.TAG, "tagged")
        if step.does == "batch" and progress.begun is not None:
            count = int(step.args["before"]) + int(step.args["count"])
            yield Mark(progress.begun, What.BATCH, f"{count}/{step.args['of']}")
        if step.does == "batch" and step.args.get("last") and progress.passed and progress.ended_at is not None:
            yield Mark(progress.ended_at, What.LIVE, "all new")


_TURNS = {Course.BACK: What.ROLLBACK, Course.FINISH: What.STOPPED, Course.LEAVE: What.STOPPED}
_TURN_WORDS = {Course.BACK: "rollback", Course.FINISH: "stopped", Course.LEAVE: "left as it is"}


def _of_event(run: Run, event: AnyEvent) -> Iterator[Mark]:
    match event:
        case VerdictReached():
            yield Mark(event.at, What.VERDICT, event.verdict.kind.value)
        case CourseChanged() if event.course in _TURNS:
            begun = run.request.action == "deploy" and run.touched_at is not None and run.touched_at <= event.at
            held = event.course is Course.FINISH and begun
            yield Mark(event.at, _TURNS[event.course], "held" if held else _TURN_WORDS[event.course])
