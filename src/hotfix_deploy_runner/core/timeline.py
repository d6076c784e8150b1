"""What happened when, and who was told: a run's events as entries for a person. Pure."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from .check import Status
from .ending import Ending, ExitCode
from .events import (
    AnyEvent,
    CourseChanged,
    Interrupted,
    NoticeFailed,
    NoticeTold,
    ReadingMissed,
    ReadingTaken,
    RequestReceived,
    Resumed,
    RunEnded,
    RunStarted,
    StepEnded,
    StepReported,
    TakenOver,
    VerdictReached,
)
from .instant import Instant
from .phrases import capital
from .plan import WATCH
from .plan_back import DOCUMENT
from .step import Course, Ended, StepId
from .verdict import Kind, Verdict

_COURSES = {
    Course.BACK: "Turned back, to restore what ran before",
    Course.FINISH: "Stopped going forward",
    Course.LEAVE: "Left everything as it is",
    Course.FORWARD: "Went on",
}


class Moment(msgspec.Struct, frozen=True):
    """One entry of the timeline."""

    at: Instant
    status: Status
    what: str
    detail: tuple[str, ...] = ()


class Telling(msgspec.Struct, frozen=True):
    """One notice on one channel; `notice` is its id without the run. `why` says why it failed; empty: delivered."""

    at: Instant
    notice: str
    channel: str
    why: str = ""


def timeline(events: Sequence[AnyEvent]) -> tuple[Moment, ...]:
    """The entries in order. Of several readings missed in a row only the first has one."""
    entries: list[Moment] = []
    judged = {event.verdict.reason for event in events if isinstance(event, VerdictReached)}
    missing = False
    for event in events:
        if not (isinstance(event, ReadingMissed) and missing):
            entries += _moments(event, judged)
        if isinstance(event, ReadingTaken | ReadingMissed):
            missing = isinstance(event, ReadingMissed)
    return tuple(entries)


def tellings(events: Iterable[AnyEvent]) -> tuple[Telling, ...]:
    """Who was told what and when, and who was not."""
    return tuple(
        Telling(
            event.at,
            event.notice.partition(":")[2] or event.notice,
            event.channel,
            event.why if isinstance(event, NoticeFailed) else "",
        )
        for event in events
        if isinstance(event, NoticeTold | NoticeFailed)
    )


def _moments(event: AnyEvent, judged: set[str]) -> Iterator[Moment]:
    """The entries of one event. `judged` are the reasons of verdicts: a turn that has one does not repeat it."""
    match event:
        case RunStarted():
            yield Moment(event.at, Status.OK, _beginning(event))
        case StepReported():
            yield Moment(event.at, event.line.status, event.line.text, event.line.detail)
        case StepEnded():
            yield from _outcome(event)
        case ReadingMissed():
            yield Moment(event.at, Status.WARN, "Production could not be measured", (event.why,))
        case VerdictReached():
            yield Moment(
                event.at, verdict_status(event.verdict), f"Verdict: {event.verdict.kind}", (event.verdict.reason,)
            )
        case CourseChanged():
            yield Moment(event.at, Status.WARN, _COURSES[event.course], (event.why,) if event.why not in judged else ())
        case RequestReceived():
            why = (event.reason,) if event.reason else ()
            yield Moment(event.at, Status.WARN, f"{event.by} asked for: {event.verb}", why)
        case Interrupted():
            yield Moment(event.at, Status.WARN, f"Interrupted by {event.signal}")
        case Resumed():
            yield Moment(event.at, Status.WARN, f"{event.by} on {event.host} went on with the run", event.accepted)
        case TakenOver():
            yield Moment(event.at, Status.WARN, "Taken over", (event.why,))
        case RunEnded():
            yield Moment(event.at, ending_status(event.ending), _last_words(event.ending, judged))


def _beginning(event: RunStarted) -> str:
    request, facts = event.request, event.facts
    who = f"{request.operator or 'Somebody'} started"
    if request.first:
        return f"{who} the first deployment of {facts.version} on {request.target}"
    if request.action == "rollback":
        return f"{who} the rollback of {request.target} from {facts.running} to {facts.version}"
    return f"{who} the hotfix {facts.version} for {request.target}, which ran {facts.running}"


def _last_words(ending: Ending, judged: set[str]) -> str:
    """How it ended; a verdict's reason, which has an entry of its own, is not repeated."""
    repeats = any(reason and reason in ending.summary for reason in judged)
    return (ending.production if repeats else "") or ending.summary


def _outcome(event: StepEnded) -> Iterator[Moment]:
    """A step's lines; one that ended badly without a word gets one.

    That the watch is stopped is no news, and neither is it that this document was written.
    """
    if event.step == DOCUMENT and event.ended is Ended.PASSED:
        return
    for line in event.lines:
        yield Moment(event.at, line.status, line.text, line.detail)
    if event.ended is not Ended.PASSED and not event.lines and event.step != WATCH:
        status = Status.FAIL if event.ended is Ended.FAILED else Status.SKIP
        yield Moment(event.at, status, f"{_named(event.step)} {event.ended}")


def _named(step: StepId) -> str:
    """A step as a person calls it: `batch:production/web:2` is `Batch 2 of production/web`."""
    kind, _, rest = step.partition(":")
    place, _, number = rest.partition(":")
    words = (kind.replace("-", " "), number, f"of {place}" if number else place)
    return capital(" ".join(word for word in words if word))


def verdict_status(verdict: Verdict) -> Status:
    """FAIL for a breach, OK for a healthy release, WARN for every doubt."""
    return {Kind.BREACHED: Status.FAIL, Kind.HEALTHY: Status.OK}.get(verdict.kind, Status.WARN)


def ending_status(ending: Ending) -> Status:
    """OK when all is done, WARN when it needs a look, FAIL when it needs a human now or never reached production."""
    if ending.code == ExitCode.DONE:
        return Status.OK
    return Status.WARN if ending.code in (ExitCode.UNPROVEN, ExitCode.ROLLED_BACK) else Status.FAIL
