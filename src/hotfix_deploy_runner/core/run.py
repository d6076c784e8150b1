"""The state of a run: the fold of its events, and nothing else."""

from typing import Any

import msgspec

from .ending import Ending
from .events import (
    AnyEvent,
    CourseChanged,
    CutOff,
    Interrupted,
    NoticeFailed,
    ReadingMissed,
    ReadingTaken,
    Reconnected,
    RequestReceived,
    Resumed,
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
from .plan_back import CLEANUP, DOCUMENT
from .policy import Policy
from .progress import Progress
from .reading import Cursor
from .revision import Revision
from .step import Course, StepId
from .verdict import Verdict
from .watch import Watch


class Run(msgspec.Struct, frozen=True):
    """Everything that is known of one run. Made by `begin`, changed only by `apply`.

    `asked` is a request to go back, `paused` one to hold the rollout, `promoted` the last one to go on at once.
    `signal` and `signals`: the first that told the process to stop, at `signalled`, and how many did. `cursor` is where
    the metrics source goes on from; `resumed` when another process went on with the run, last. `cut_off`: why the lock
    cannot be renewed, and nothing new may begin.
    """

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
    paused: RequestReceived | None = None
    promoted: RequestReceived | None = None
    signal: str = ""
    signals: int = 0
    signalled: Instant = 0.0
    cursor: Cursor | None = None
    resumed: Instant | None = None
    taken_over: str = ""
    cut_off: str = ""
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
        starts = (p.begun for p in self.steps.values() if p.step.does in ("batch", "turn"))
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
        case ReadingTaken():
            return {"watch": _watch(run, event), "cursor": event.cursor}
        case ReadingMissed():
            return {"watch": _watch(run, event)}
        case VerdictReached():
            return {"verdict": event.verdict}
        case CourseChanged():
            return {"course": event.course, "why": event.why}
        case RequestReceived():
            return _asked(event)
        case Interrupted():
            first = {} if run.signals else {"signal": event.signal, "signalled": event.at}
            return {"signals": run.signals + 1, **first}
        case Resumed():
            return _resumed(run, event)
        case TakenOver():
            return {"taken_over": event.why}
        case CutOff():
            return {"cut_off": event.why}
        case Reconnected():
            return {"cut_off": ""}
        case NoticeFailed():
            return {"not_told": (*run.not_told, event)}
        case RunEnded():
            return {"ending": event.ending}
    return {}


def _asked(event: RequestReceived) -> dict[str, Any]:
    match event.verb:
        case "pause":
            return {"paused": event}
        case "continue":
            return {"paused": None}
        case "promote":
            return {"paused": None, "promoted": event}
    return {"asked": event}


def _resumed(run: Run, event: Resumed) -> dict[str, Any]:
    """Another process has the run: what only the old one stopped for is no reason any more.

    The course stays, unless a signal alone had changed it; then what was winding the run up is planned anew later.
    """
    left = run.course is Course.LEAVE or (run.course is Course.FINISH and bool(run.signal) and not run.touched)
    steps = {name: p.reopened() for name, p in run.steps.items() if not (left and name in (DOCUMENT, CLEANUP))}
    return {
        "steps": steps,
        "course": _course_before(run) if left else run.course,
        "facts": msgspec.structs.replace(run.facts, fence=event.fence),
        "watch": run.watch.resumed(event.at) if run.watch is not None else None,
        "signal": "",
        "signals": 0,
        "cut_off": "",
        "ending": None,
        "resumed": event.at,
    }


def _course_before(run: Run) -> Course:
    """Where a run that was left was heading: a way back that had been planned is still the way."""
    return Course.BACK if any(p.step.course is Course.BACK for p in run.steps.values()) else Course.FORWARD


def _step_changes(run: Run, event: StepStarted | StepReported | StepEnded) -> dict[str, Any]:
    before = run.steps[event.step]
    match event:
        case StepStarted():
            after = before.start(event.at)
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
        return run.watch.observed(event.reading, event.fleet, event.at)
    return run.watch.missed(event.at, event.fleet)
