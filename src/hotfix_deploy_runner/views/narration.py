"""The narration of a run: its events as lines in declared order. Pure; views print the pieces, each in its own way.

Work that goes on side by side is told in the order in which it was declared: a step that can still say something
holds back those declared after it. A step holds nothing back when it has ended, when it runs in the background, when
it is done whatever happens (nothing waits for a hook), or when it will never begin: the run has turned away from it,
or something that it waits for has failed.
"""

from collections.abc import Iterator

import msgspec

from ..core.asking import asked_by
from ..core.check import Line, Status
from ..core.events import (
    AnyEvent,
    CourseChanged,
    CutOff,
    Interrupted,
    NoticeFailed,
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
from ..core.phrases import capital, figures
from ..core.progress import Progress
from ..core.run import Run, apply, begin
from ..core.step import Course, Ended, Phase, Step, StepId
from ..core.verdict import Verdict
from .words import ending_words, header, resumed_words


class Words(msgspec.Struct, frozen=True):
    """A line at the margin: part of the header or of the last words. Empty: a blank line. `code`: the run's."""

    text: str
    code: int | None = None


class Heading(msgspec.Struct, frozen=True):
    """A phase begins: a blank line, then its name and a colon."""

    text: str


Piece = Words | Heading | Line
"""What a view prints at a time. A `Line` stands under the heading told last."""


class _Tale(msgspec.Struct):
    """What one step has said, and how much of it was told."""

    step: Step
    started: bool = False
    ended: Ended | None = None
    untold: list[Line] = []

    @property
    def running(self) -> bool:
        return self.started and self.ended is None


class Narrator:
    """Turns the events of one run, the first of them `RunStarted`, into pieces. Not a view: it prints nothing."""

    def __init__(self) -> None:
        self._tales: dict[StepId, _Tale] = {}
        self._course = Course.FORWARD
        self._verdict: Verdict | None = None
        self._turn = Status.FAIL
        self._said: set[str] = set()
        self._not_told: dict[tuple[str, str], list[str]] = {}
        self._started: RunStarted | None = None
        self._run: Run | None = None
        self._over = False
        self._headed: list[Phase] = []

    def tell(self, event: AnyEvent) -> tuple[Piece, ...]:
        """The pieces that `event` allows to be told, in order; often none. Raises `KeyError` for an unknown step."""
        return tuple(self._pieces(event))

    def _pieces(self, event: AnyEvent) -> Iterator[Piece]:
        match event:
            case RunStarted():
                self._started, self._run = event, begin(event)
                self._declare(event.steps)
                yield from (Words(text) for text in header(event.request, event.facts))
            case StepsPlanned():
                self._declare(event.steps)
            case StepStarted() | StepReported() | StepEnded():
                self._note(event)
            case VerdictReached():
                self._verdict = event.verdict
            case RequestReceived():
                self._turn = Status.WARN
                yield from self._ask(event)
            case Interrupted() | TakenOver():
                self._turn = Status.WARN
            case CutOff():
                line = Line(Status.WARN, f"Held up: {event.why}", ("nothing new begins; a breach still rolls back",))
                yield from self._under(self._where(), line)
            case Reconnected():
                yield from self._under(self._where(), Line(Status.OK, "The lock is renewed: going on"))
            case Resumed():
                yield from self._resume(event)
            case CourseChanged():
                yield from self._change_course(event)
            case NoticeFailed():
                yield from self._miss(event)
            case RunEnded():
                yield from self._end(event)
        yield from self._tell_what_may_be_told()
        if self._run is not None:
            self._run = apply(self._run, event)

    def _declare(self, steps: tuple[Step, ...]) -> None:
        """In the order of the phases: what is planned late is still told where it belongs."""
        tales = self._tales | {step.id: _Tale(step) for step in steps}
        phases = list(Phase)
        self._tales = dict(sorted(tales.items(), key=lambda item: phases.index(item[1].step.phase)))

    def _note(self, event: StepStarted | StepReported | StepEnded) -> None:
        tale = self._tales[event.step]
        match event:
            case StepStarted():
                tale.started, tale.ended = True, None
            case StepReported():
                tale.untold.append(event.line)
            case StepEnded():
                tale.ended = event.ended
                tale.untold += event.lines
        self._said |= {line.text for line in tale.untold}

    def _change_course(self, event: CourseChanged) -> Iterator[Piece]:
        """The reason of a turn stands where the run was, unless a step's own line has it already."""
        yield from self._tell_what_may_be_told()
        where = self._where()
        self._course = event.course
        if event.why not in self._said:
            breach = self._verdict is not None and self._verdict.reason == event.why
            detail = figures(self._verdict) if breach else ()
            line = Line(Status.FAIL if breach else self._turn, capital(event.why), detail)
            yield from self._under(where, line)

    def _ask(self, event: RequestReceived) -> Iterator[Piece]:
        """What does not turn the run is told at once; what does, with its turn."""
        words = {"pause": "Paused", "continue": "Going on"}.get(event.verb)
        if words is not None:
            yield from self._under(self._where(), Line(Status.WARN, f"{words}: {asked_by(event)}"))

    def _resume(self, event: Resumed) -> Iterator[Piece]:
        """From here on another process tells the rest, under headings of its own."""
        assert self._run is not None
        after = apply(self._run, event)
        for text in resumed_words(self._run, event):
            yield Words(text)
        self._course, self._turn, self._over, self._headed = after.course, Status.FAIL, False, []
        self._tales = {name: self._again(name, progress) for name, progress in after.steps.items()}

    def _again(self, name: StepId, progress: Progress) -> _Tale:
        known = self._tales[name]
        return _Tale(progress.step, progress.started is not None, progress.ended, known.untold)

    def _where(self) -> Phase:
        """The phase the run is in: that of the first step still to come. A gate belongs to what it opens."""
        for tale in self._tales.values():
            if tale.ended is None and not tale.step.background and tale.step.does not in ("gate", "hook"):
                return tale.step.phase
        return self._headed[-1] if self._headed else Phase.AFTERWARDS

    def _tell_what_may_be_told(self) -> Iterator[Piece]:
        lost: set[StepId] = set()
        for tale in self._tales.values():
            yield from self._tell_all_of(tale)
            beside = tale.step.background or tale.step.course is Course.FINISH
            if tale.ended is Ended.PASSED or beside:
                continue
            if tale.running or (tale.ended is None and self._can_begin(tale.step, lost)):
                return
            lost.add(tale.step.id)

    def _tell_all_of(self, tale: _Tale) -> Iterator[Piece]:
        lines, tale.untold = tale.untold, []
        for line in lines:
            yield from self._under(tale.step.phase, line)

    def _can_begin(self, step: Step, lost: set[StepId]) -> bool:
        return step.course in (self._course, Course.FINISH) and lost.isdisjoint(step.waits_for)

    def _under(self, phase: Phase, line: Line) -> Iterator[Piece]:
        """`line` under its phase's heading, which is told once; what comes late stands under the heading told last."""
        if phase not in self._headed:
            self._headed.append(phase)
            yield Heading(phase.value)
        yield line

    def _miss(self, event: NoticeFailed) -> Iterator[Piece]:
        if self._over:
            yield from self._under(Phase.AFTERWARDS, _missed(event.channel, event.why, [event.notice]))
        self._not_told.setdefault((event.channel, event.why), []).append(event.notice)

    def _end(self, event: RunEnded) -> Iterator[Piece]:
        """Everything that was held back, the channels that failed, and the last words."""
        for tale in self._tales.values():
            yield from self._tell_all_of(tale)
        for (name, why), notices in self._not_told.items():
            yield from self._under(Phase.AFTERWARDS, _missed(name, why, notices))
        self._over = True
        assert self._started is not None
        yield Words("")
        for text in ending_words(self._started.request, event.ending):
            yield Words(text, event.ending.code)


def _missed(name: str, why: str, notices: list[str]) -> Line:
    """The WARN for a channel that gave up; a notice's id without its run in front."""
    of = ", ".join(notice.partition(":")[2] or notice for notice in notices)
    return Line(Status.WARN, f"{capital(name)} was not told: {why}", (f"of {of}",))
