"""The state of a run: the fold of its events, and nothing else."""

from typing import Any

import msgspec

from .check import Line
from .ending import Ending
from .events import (
    AnyEvent,
    CourseChanged,
    Interrupted,
    NoticeFailed,
    ReadingMissed,
    ReadingTaken,
    RequestReceived,
    RunEnded,
    RunStarted,
    StepEnded,
    StepReported,
    StepsPlanned,
    StepStarted,
    TakenOver,
    VerdictReached,
)
from .facts import Facts, Request
from .instant import Instant
from .policy import Policy
from .revision import Revision
from .step import Course, Ended, Step, StepId
from .verdict import Verdict
from .watch import Watch


class Progress(msgspec.Struct, frozen=True):
    """How far a step has come. Neither started nor ended: it waits."""

    step: Step
    started: Instant | None = None
    ended_at: Instant | None = None
    ended: Ended | None = None
    lines: tuple[Line, ...] = ()
    found: dict[str, Any] = {}

    @property
    def running(self) -> bool:
        """Started, with no outcome yet."""
        return self.started is not None and self.ended is None

    @property
    def passed(self) -> bool:
        """Ended well."""
        return self.ended is Ended.PASSED

    @property
    def failed(self) -> bool:
        """Ended badly; a stopped step has not failed."""
        return self.ended is Ended.FAILED


class Run(msgspec.Struct, frozen=True):
    """Everything that is known of one run. Made by `begin`, changed only by `apply`."""

    id: str
    request: Request
    policy: Policy
    facts: Facts
    started: Instant
    steps: dict[StepId, Progress] = {}
    course: Course = Course.FORWARD
    why: str = ""
    watch: Watch | None = None
    verdict: Verdict | None = None
    asked: RequestReceived | None = None
    signal: str = ""
    taken_over: str = ""
    not_told: tuple[NoticeFailed, ...] = ()
    ending: Ending | None = None
    latest: Instant = 0.0

    @property
    def new(self) -> Revision:
        """The revision being brought: for a deploy with the artifact that was built, as far as it is known."""
        if self.request.action == "rollback":
            known = self.steps["artifact"].found if "artifact" in self.steps else {}
        else:
            known = self.steps["build"].found if "build" in self.steps else {}
        return Revision(self.facts.version, self.facts.commit, str(known.get("artifact", "")))

    @property
    def candidate(self) -> Revision:
        """The same bytes under the name they have on staging."""
        return msgspec.structs.replace(self.new, version=self.facts.candidate)

    @property
    def touched_at(self) -> Instant | None:
        """Since when what serves in the target may have been changed; None: it has not been."""
        starts = (p.started for p in self.steps.values() if p.step.does in ("batch", "turn"))
        return min((at for at in starts if at is not None), default=None)

    @property
    def touched(self) -> bool:
        """Whether anything that serves in the target may have been changed."""
        return self.touched_at is not None

    @property
    def rolled_out(self) -> bool:
        """Whether the last batch is in."""
        return any(p.passed and p.step.args.get("last", False) for p in self.steps.values())

    @property
    def running(self) -> tuple[Progress, ...]:
        """The steps under way, in declared order."""
        return tuple(p for p in self.steps.values() if p.running)

    def passed(self, step: StepId) -> bool:
        """Whether `step` exists and ended well."""
        return step in self.steps and self.steps[step].passed


def begin(event: RunStarted) -> Run:
    """The run that `event` starts."""
    run = Run(event.run, event.request, event.policy, event.facts, event.at, latest=event.at)
    steps = {step.id: Progress(step) for step in event.steps}
    watched = event.facts.metrics and event.request.action == "deploy"
    watch = Watch.begin(event.policy.watching, event.facts.old.version, event.facts.version) if watched else None
    return msgspec.structs.replace(run, steps=steps, watch=watch)


def fold(events: "list[AnyEvent]") -> Run:
    """The run that these events, the first of them `RunStarted`, lead to. Raises `ValueError` for any other list."""
    if not events or not isinstance(events[0], RunStarted):
        raise ValueError("a run begins with run-started")
    run = begin(events[0])
    for event in events[1:]:
        run = apply(run, event)
    return run


def apply(run: Run, event: AnyEvent) -> Run:
    """`run` after `event`. Pure; events that change nothing in the state (a delivered notice) return it as it is."""
    return msgspec.structs.replace(run, latest=max(run.latest, event.at), **_changes(run, event))


def _changes(run: Run, event: AnyEvent) -> dict[str, Any]:
    match event:
        case StepsPlanned():
            return {"steps": run.steps | {step.id: Progress(step) for step in event.steps}}
        case StepStarted() | StepReported() | StepEnded():
            return _step_changes(run, event)
        case ReadingTaken() | ReadingMissed():
            return {"watch": _watch(run, event)}
        case VerdictReached():
            return {"verdict": event.verdict}
        case CourseChanged():
            return {"course": event.course, "why": event.why}
        case RequestReceived():
            return {"asked": event}
        case Interrupted():
            return {"signal": event.signal}
        case TakenOver():
            return {"taken_over": event.why}
        case NoticeFailed():
            return {"not_told": (*run.not_told, event)}
        case RunEnded():
            return {"ending": event.ending}
    return {}


def _step_changes(run: Run, event: StepStarted | StepReported | StepEnded) -> dict[str, Any]:
    before = run.steps[event.step]
    match event:
        case StepStarted():
            after = msgspec.structs.replace(before, started=event.at, ended=None, ended_at=None)
        case StepReported():
            after = msgspec.structs.replace(before, lines=(*before.lines, event.line))
        case StepEnded():
            after = msgspec.structs.replace(
                before, ended=event.ended, ended_at=event.at, lines=before.lines + event.lines, found=event.found
            )
    changes: dict[str, Any] = {"steps": run.steps | {event.step: after}}
    if run.watch is not None and after.passed and after.step.args.get("last", False):
        changes["watch"] = run.watch.rolled_out(event.at)
    return changes


def _watch(run: Run, event: ReadingTaken | ReadingMissed) -> Watch | None:
    if run.watch is None:
        return None
    if isinstance(event, ReadingTaken):
        return run.watch.observed(event.reading, event.fleet)
    return run.watch.missed(event.at, event.fleet)
