"""Every event a run can have. A run is the fold of these; so is everything that a person sees of it.

An event is a fact that has happened and is never changed. `SCHEMA` counts up when one changes its meaning.
In JSON an event is an object whose `event` key names its kind.
"""

from typing import Any, Literal

import msgspec

from .check import Line
from .ending import Ending
from .facts import Facts, Request
from .fleet import Fleet
from .instant import Instant
from .notice import Thread
from .policy import Policy
from .reading import Cursor, Reading
from .step import Course, Ended, Step, StepId
from .verdict import Verdict

SCHEMA = 1

Verb = Literal["rollback", "abort", "pause", "continue", "promote"]
"""What somebody else may ask of a live run: `core.asking` says what each does."""


class Event(msgspec.Struct, frozen=True, tag_field="event", kw_only=True):
    """Something that happened at an instant."""

    at: Instant


class RunStarted(Event, frozen=True, kw_only=True, tag="run-started"):
    """The lock is held, the facts are known, the operator has agreed: these are the steps.

    `settings` are those in force, by key as in the file, without secrets; `flags` those that the command line gave,
    and `config` the file that it named: what a resume needs to be the same run.
    """

    run: str
    request: Request
    policy: Policy
    facts: Facts
    steps: tuple[Step, ...]
    tool: str = ""
    settings: dict[str, Any] = {}
    flags: dict[str, Any] = {}
    config: str = ""


class Resumed(Event, frozen=True, kw_only=True, tag="resumed"):
    """Another process goes on with the run, under a new `fence`. What was started and has no outcome is open again.

    `by` is who, `host` where, `tool` the version that goes on. `accepted` are the differences to the run as it was
    begun (of settings, of the program) that the operator has accepted.
    """

    by: str
    host: str
    fence: int
    tool: str = ""
    accepted: tuple[str, ...] = ()


class StepsPlanned(Event, frozen=True, kw_only=True, tag="steps-planned"):
    """More steps, planned from what was observed: the probes, the way back, or what every run ends with."""

    steps: tuple[Step, ...]
    why: str = ""


class StepStarted(Event, frozen=True, kw_only=True, tag="step-started"):
    """The intent is on disk; the step's effect follows."""

    step: StepId


class StepReported(Event, frozen=True, kw_only=True, tag="step-reported"):
    """A step that is under way has something to say."""

    step: StepId
    line: Line


class StepEnded(Event, frozen=True, kw_only=True, tag="step-ended"):
    """What came of a step. `found` are JSON values that later steps and documents need."""

    step: StepId
    ended: Ended
    lines: tuple[Line, ...] = ()
    found: dict[str, Any] = {}


class ReadingTaken(Event, frozen=True, kw_only=True, tag="reading-taken"):
    """Production was measured. `fleet` is all its platforms' instances as seen at that moment."""

    reading: Reading
    cursor: Cursor
    fleet: Fleet


class ReadingMissed(Event, frozen=True, kw_only=True, tag="reading-missed"):
    """Production could not be measured."""

    why: str
    fleet: Fleet


class VerdictReached(Event, frozen=True, kw_only=True, tag="verdict-reached"):
    """The evidence is judged. On disk before anything is done about it."""

    verdict: Verdict


class CourseChanged(Event, frozen=True, kw_only=True, tag="course-changed"):
    """The run no longer goes forward: the old version is to be restored, or there is only winding up left to do."""

    course: Course
    why: str


class RequestReceived(Event, frozen=True, kw_only=True, tag="request-received"):
    """Somebody else asked something of this run, and its holder has read it."""

    request: str
    verb: Verb
    by: str
    reason: str = ""


class Interrupted(Event, frozen=True, kw_only=True, tag="interrupted"):
    """The process was told to stop. `signal` is its name (`SIGINT`)."""

    signal: str


class TakenOver(Event, frozen=True, kw_only=True, tag="taken-over"):
    """Another run has taken this one's place: it must do nothing more to the target. `why` says who, where known."""

    why: str


class CutOff(Event, frozen=True, kw_only=True, tag="cut-off"):
    """The lock cannot be renewed in time, for `why`: until `Reconnected`, nothing new begins on the way forward."""

    why: str


class Reconnected(Event, frozen=True, kw_only=True, tag="reconnected"):
    """The lock was renewed, and still our own."""


class NoticeTold(Event, frozen=True, kw_only=True, tag="notice-told"):
    """A channel has delivered a notice."""

    notice: str
    channel: str
    thread: Thread | None = None


class NoticeFailed(Event, frozen=True, kw_only=True, tag="notice-failed"):
    """A channel gave up on a notice."""

    notice: str
    channel: str
    why: str


class RunEnded(Event, frozen=True, kw_only=True, tag="run-ended"):
    """The last event."""

    ending: Ending


AnyEvent = (
    RunStarted
    | Resumed
    | StepsPlanned
    | StepStarted
    | StepReported
    | StepEnded
    | ReadingTaken
    | ReadingMissed
    | VerdictReached
    | CourseChanged
    | RequestReceived
    | Interrupted
    | TakenOver
    | CutOff
    | Reconnected
    | NoticeTold
    | NoticeFailed
    | RunEnded
)

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def to_json(event: AnyEvent) -> bytes:
    """One line of JSON, without a line end; keys in a fixed order."""
    return _encoder.encode(event)


def from_json(text: bytes | str) -> AnyEvent:
    """The event that `to_json` wrote. Raises `msgspec.ValidationError` for anything else."""
    return _decoder.decode(text)
