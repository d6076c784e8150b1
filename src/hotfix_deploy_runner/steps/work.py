"""What a performer is given and what it gives back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from ..core.check import Line, Status
from ..core.events import AnyEvent
from ..core.facts import Environment
from ..core.instant import Instant
from ..core.revision import UNKNOWN, Revision
from ..core.run import Run
from ..core.step import Ended, Step
from ..doors.git import Git
from ..errors import HotfixError
from ..ports import Move, Platform

Platforms = Mapping[tuple[Environment, str], Platform]
"""Every platform of every environment, by environment and name."""


Publish = Callable[[Sequence[str], Mapping[str, str]], Awaitable[None]]
"""Has the remote take over refspecs, all or none, where by ref it has these values ("": no such ref)."""


class Outcome(msgspec.Struct, frozen=True):
    """What came of a step; `found` are JSON values."""

    ended: Ended = Ended.PASSED
    lines: tuple[Line, ...] = ()
    found: dict[str, Any] = {}


def plain_push(git: Git) -> Publish:
    """A push and nothing besides."""

    async def push(refspecs: Sequence[str], leases: Mapping[str, str]) -> None:
        await git.push(refspecs, leases=leases)

    return push


class Work(NamedTuple):
    """A performer's way to say something while it is at work.

    `report` tells a line of the step, `emit` records any other event (a reading); `clock` gives the instant.
    """

    report: Callable[[Line], None]
    emit: Callable[[AnyEvent], None]
    clock: Callable[[], Instant]


class Perform(Protocol):
    """One kind of step, carried out. `run` is the run as it was when the step started.

    Being cancelled means: stop, leave things as a repeat or the way back can find them. Raises `HotfixError`.
    """

    def __call__(self, step: Step, run: Run, work: Work, /) -> Awaitable[Outcome]:
        """Make the effect and tell what came of it."""
        ...


def passed(text: str, *detail: str, **found: Any) -> Outcome:
    """An outcome with one OK line."""
    return Outcome(lines=(Line(Status.OK, text, detail),), found=found)


def warned(text: str, *detail: str, **found: Any) -> Outcome:
    """An outcome that passes with one WARN line."""
    return Outcome(lines=(Line(Status.WARN, text, detail),), found=found)


def failed(text: str, *detail: str, **found: Any) -> Outcome:
    """An outcome with one FAIL line."""
    return Outcome(Ended.FAILED, (Line(Status.FAIL, text, detail),), found)


def failure_of(error: HotfixError) -> Outcome:
    """The outcome that an error is."""
    detail = tuple(error.detail.splitlines())
    return failed(error.message, *detail, *((f"Next: {error.next_step}",) if error.next_step else ()))


def move_of(run: Run) -> Move:
    """The change that this run makes in its target.

    To a platform an unknown old revision means that nothing ran, and the way back to it ends everything: what runs
    without a mark goes by the tag that it gets.
    """
    facts, old = run.facts, run.facts.old
    if old.version == UNKNOWN.version and facts.before:
        old = Revision(facts.before, facts.base, old.artifact)
    return Move(run.new, old, facts.fence)
