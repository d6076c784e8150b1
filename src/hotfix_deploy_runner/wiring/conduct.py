"""Driving a run that is planned, or goes on: runner, herald, views and document, put together for one run."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from ..core.conclude import conclude
from ..core.ending import Ending, ExitCode
from ..core.events import AnyEvent, RunStarted
from ..core.facts import Environment
from ..core.instant import Seconds
from ..core.run import Run, fold
from ..doors.children import Children
from ..doors.signals import Signals
from ..herald import Herald, Memory
from ..lock.local import Lease
from ..runner import Runner, View
from .channels import severities
from .departure import Departure
from .documents import write_document
from .holding import taken_over
from .project import Project

_TELLS_WITHIN: Seconds = 5.0
_HURRIED: Seconds = 1.0


class Past(NamedTuple):
    """A run up to where its last process left it: its events, as numbered in the journal, and their fold."""

    events: Sequence[tuple[int, AnyEvent]]
    run: Run

    @classmethod
    def of(cls, events: Sequence[tuple[int, AnyEvent]]) -> "Past":
        """From its numbered events, the first of them `RunStarted`."""
        return cls(events, fold([event for _, event in events]))

    @property
    def started(self) -> RunStarted:
        """Its first event."""
        first = self.events[0][1]
        assert isinstance(first, RunStarted)
        return first

    @property
    def last(self) -> int:
        """The number of its last event."""
        return self.events[-1][0]


async def begin_run(
    project: Project, started: RunStarted, views: Sequence[View], lease: Lease, signals: Signals
) -> Ending:
    """Drive a new run as long as `lease` is its own, tell people, and write the document when all is known."""
    return await _conduct(project, lambda runner: runner.drive(started), started.request.target, views, lease, signals)


async def go_on(
    project: Project, past: Past, events: Sequence[AnyEvent], views: Sequence[View], lease: Lease, signals: Signals
) -> Ending:
    """Drive on a run that another process has left, with `events` first (`Resumed`); the rest as `begin_run`."""

    def drive(runner: Runner) -> Awaitable[Ending]:
        return runner.go_on(past.run, past.last, events)

    memory = Memory.of(event for _, event in past.events)
    return await _conduct(project, drive, past.run.request.target, views, lease, signals, memory)


async def wind_up(project: Project, past: Past) -> None:
    """What a run that had come to its end still owes: its last word to whom it was not told, and the document."""
    before = Past.of(past.events[:-1]).run
    told: list[AnyEvent] = []
    herald = _herald(project, told.append, Memory.of(event for _, event in past.events))
    herald.heard(before, past.events[-1][1], past.run)
    await herald.close(_TELLS_WITHIN)
    project.store.append(past.run.id, past.last, told)
    write_document(project, past.run.id)


async def _conduct(
    project: Project,
    drive: Callable[[Runner], Awaitable[Ending]],
    target: Environment,
    views: Sequence[View],
    lease: Lease,
    signals: Signals,
    memory: Memory | None = None,
) -> Ending:
    own = lease._replace(environments=(target,))
    departure = Departure(Children(project.children))
    herald = _herald(project, lambda event: runner.tell(event), memory)
    runner = Runner(
        project.store,
        project.performers(lambda run: write_document(project, run.id, conclude(run))),
        clock=project.clock,
        taken_over=lambda: taken_over(project, own),
        hurry=lambda within: departure.within(within, _code_of(signals)),
        views=views,
        listeners=[herald],
    )
    signals.listener = runner.interrupt
    try:
        return await drive(runner)
    finally:
        await herald.close(_HURRIED if signals.first else _TELLS_WITHIN)
        await runner.close()
        await project.http.aclose()
        _finish(project, lease.run, runner.dropped)
        departure.called_off()


def _herald(project: Project, tell: Callable[[AnyEvent], None], memory: Memory | None) -> Herald:
    channels, _ = project.channels()
    return Herald(
        channels,
        tell,
        project.clock,
        severities=severities(project.settings),
        memory=memory,
        redact=project.redact,
    )


def _finish(project: Project, run: str, dropped: Sequence[str]) -> None:
    """Say which views failed, and bring the document up to date: paper work, which must not hide how the run ended."""
    for failed in dropped:
        print(f"A view failed, and the run went on without it: {failed}", file=sys.stderr)
    try:
        write_document(project, run)
    except Exception as error:
        print(f"The incident document could not be brought up to date: {error!r}", file=sys.stderr)


def _code_of(signals: Signals) -> int:
    return ExitCode.TERMINATED if signals.first == "SIGTERM" else ExitCode.INTERRUPTED
