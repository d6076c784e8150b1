"""The loop: decide, record, start, wait. It knows no step, no platform and no rule; it keeps their order.

What `decide` records is in the journal before anything that it starts begins. Tasks are owned by the loop: the failure
of one is an outcome, never a cancellation of its siblings.
"""

import asyncio
import contextlib
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from .core.check import Line, Status
from .core.decide import decide, needs_lock
from .core.ending import Ending
from .core.events import (
    AnyEvent,
    CutOff,
    Interrupted,
    Reconnected,
    RequestReceived,
    RunStarted,
    StepEnded,
    StepReported,
    StepStarted,
    TakenOver,
)
from .core.instant import Instant, Seconds
from .core.run import Run, apply, begin
from .core.step import Course, Ended, Step, StepId
from .errors import HotfixError, Superseded
from .journal.store import Store
from .steps.work import Outcome, Perform, Work, failed, failure_of

INBOX_EVERY: Seconds = 0.25
LONGEST_WAIT: Seconds = 1.0
DRAINS_WITHIN: Seconds = 1.5
"""How long a step has to stop once a signal has come."""
LEAVES_WITHIN: Seconds = 4.5
"""How long the process may take from a signal to its end: CI systems send the next one after seven seconds."""


class View(Protocol):
    """Something that shows events as they happen."""

    def event(self, seq: int, event: AnyEvent) -> None:
        """Show one more event of the run."""
        ...


class Listener(Protocol):
    """Something that acts on what has been recorded, in the background: it never holds a run up."""

    def heard(self, before: Run | None, event: AnyEvent, after: Run) -> None:
        """An event is on disk. Return at once."""
        ...


class Runner:
    """Drives one run to its ending. The only writer of its events.

    `taken_over` is asked before every decision: in whose favour the run has lost its place; empty while it has not.
    So is `cut_off`: why the place may be lost soon.
    `hurry` is told when a signal makes it leave: to see to it that the process is gone within so many seconds.
    """

    def __init__(
        self,
        store: Store,
        performers: Mapping[str, Perform],
        *,
        clock: Callable[[], Instant],
        taken_over: Callable[[], str] = lambda: "",
        cut_off: Callable[[], str] = lambda: "",
        hurry: Callable[[Seconds], None] = lambda within: None,
        views: Sequence[View] = (),
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._store, self._performers, self._clock = store, performers, clock
        self._taken_over, self._cut_off, self._hurry = taken_over, cut_off, hurry
        self._views, self._listeners = views, listeners
        self._happened: asyncio.Queue[AnyEvent] = asyncio.Queue()
        self._tasks: dict[StepId, asyncio.Task[None]] = {}
        self._seq = 0
        self._run: Run | None = None
        self._dropped: dict[object, str] = {}
        # SQLite is written from one thread of its own, so that a slow disk does not stop the loop.
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    @property
    def dropped(self) -> tuple[str, ...]:
        """The views and listeners that failed, with their errors: nothing of that has touched the run."""
        return tuple(self._dropped.values())

    def tell(self, event: AnyEvent) -> None:
        """Something has happened outside of the steps (a notice was delivered); it is recorded in its turn."""
        self._happened.put_nowait(event)

    async def drive(self, started: RunStarted) -> Ending:
        """From the first event to the last. Raises `JournalBroken`; then what was under way has been stopped."""
        return await self._live(await self._record(begin(started), [started], fresh=True))

    async def go_on(self, run: Run, after: int, events: Sequence[AnyEvent]) -> Ending:
        """Drive on `run`, which another process has left at event number `after`; `events` (`Resumed`) come first.

        As `drive`. Raises `JournalBroken` when somebody else goes on with it.
        """
        self._seq = after
        return await self._live(await self._record(run, events))

    def interrupt(self, signal: str) -> None:
        """The process was told to stop, by the signal of this name."""
        self.tell(Interrupted(at=self._clock(), signal=signal))

    async def _live(self, run: Run) -> Ending:
        inbox = asyncio.create_task(self._read_inbox(run.id))
        try:
            return await self._loop(run)
        finally:
            await _stop([inbox, *self._tasks.values()])

    async def close(self) -> None:
        """Record what came in after the end (deliveries), and let the writer go."""
        late = self._arrived()
        if late and self._run is not None:
            await self._record(self._run, late)
        self._writer.shutdown()

    async def _loop(self, run: Run) -> Ending:
        while True:
            run = await self._ask_whose_it_is(run)
            decision = decide(run, self._clock())
            if decision.over is not None:
                return decision.over
            if decision.record:
                run = await self._record(run, decision.record)
                continue
            if run.signals and run.course in (Course.LEAVE, Course.FINISH):
                self._hurry(LEAVES_WITHIN - (self._clock() - run.signalled))
            for stray in decision.stop:
                self._stop_step(stray, DRAINS_WITHIN if run.signals else run.policy.rolling.drain_limit)
            for step in decision.start:
                run = await self._start(run, step)
            run = await self._record(run, await self._next(decision.wake))

    async def _ask_whose_it_is(self, run: Run) -> Run:
        """The platform's fence stops who was taken over; git and the notifiers have none."""
        why = "" if run.taken_over or run.ending is not None else self._taken_over()
        if why:
            return await self._record(run, [TakenOver(at=self._clock(), why=why)])
        cut_off = self._cut_off() if run.cut_off or needs_lock(run) else ""
        if bool(cut_off) is bool(run.cut_off) or run.ending is not None:
            return run
        now = self._clock()
        return await self._record(run, [CutOff(at=now, why=cut_off) if cut_off else Reconnected(at=now)])

    async def _record(self, run: Run, events: Sequence[AnyEvent], *, fresh: bool = False) -> Run:
        loop = asyncio.get_running_loop()
        self._seq = await loop.run_in_executor(self._writer, self._store.append, run.id, self._seq, events)
        first = self._seq - len(events) + 1
        for number, event in enumerate(events, start=first):
            before, run = (None, run) if fresh else (run, apply(run, event))
            self._show(number, before, event, run)
        self._run = run
        return run

    def _show(self, number: int, before: Run | None, event: AnyEvent, after: Run) -> None:
        """Let everybody see a recorded event. One that fails (a closed pipe, a bug) is left out from then on."""
        shows = [(view, partial(view.event, number, event)) for view in self._views]
        hears = [(listener, partial(listener.heard, before, event, after)) for listener in self._listeners]
        for observer, look in [*shows, *hears]:
            if observer in self._dropped:
                continue
            try:
                look()
            except Exception as error:
                self._dropped[observer] = f"{type(observer).__name__}: {error!r}"

    async def _start(self, run: Run, step: Step) -> Run:
        run = await self._record(run, [StepStarted(at=self._clock(), step=step.id)])
        self._tasks[step.id] = asyncio.create_task(self._perform(step, run), name=step.id)
        return run

    async def _perform(self, step: Step, run: Run) -> None:
        work = Work(lambda line: self._report(step.id, line), self.tell, self._clock)
        try:
            outcome = await self._performers[step.does](step, run, work)
        except asyncio.CancelledError:
            outcome = Outcome(Ended.STOPPED)
        except Superseded as error:
            self.tell(TakenOver(at=self._clock(), why=error.message))
            outcome = failure_of(error)
        except HotfixError as error:
            outcome = failure_of(error)
        except Exception as error:
            seen = traceback.format_exc().splitlines()
            outcome = failed(f"{step.id}: a bug in hotfix-deploy-runner: {error!r}", *seen[-12:])
        self._end(step.id, outcome)

    def _report(self, step: StepId, line: Line) -> None:
        self.tell(StepReported(at=self._clock(), step=step, line=line))

    def _end(self, step: StepId, outcome: Outcome) -> None:
        """Only the first outcome of a step counts: one that would not stop may still end after its time."""
        if self._tasks.pop(step, None) is not None:
            ended = StepEnded(
                at=self._clock(), step=step, ended=outcome.ended, lines=outcome.lines, found=outcome.found
            )
            self.tell(ended)

    def _stop_step(self, step: StepId, within: Seconds) -> None:
        """Cancel once, and give up waiting for it after `within`: the way back must not wait for ever."""
        task = self._tasks.get(step)
        if task is None or task.cancelling():
            return
        task.cancel()
        late = Outcome(Ended.STOPPED, (Line(Status.WARN, f"{step} did not stop within {within:g} s"),))
        asyncio.get_running_loop().call_later(within, self._end, step, late)

    async def _next(self, wake: Instant | None) -> list[AnyEvent]:
        """Everything that has happened, as soon as something has; nothing, when it is time to look again."""
        patience = LONGEST_WAIT if wake is None else min(LONGEST_WAIT, max(0.01, wake - self._clock()))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                first = await self._happened.get()
                return [first, *self._arrived()]
        return []

    def _arrived(self) -> list[AnyEvent]:
        arrived = []
        while not self._happened.empty():
            arrived.append(self._happened.get_nowait())
        return arrived

    async def _read_inbox(self, run: str) -> None:
        loop = asyncio.get_running_loop()
        seen: set[str] = set()
        while True:
            for request in await loop.run_in_executor(self._writer, self._store.requests, run):
                if request.id not in seen:
                    seen.add(request.id)
                    event = RequestReceived(
                        at=self._clock(), request=request.id, verb=request.verb, by=request.by, reason=request.reason
                    )
                    self.tell(event)
            await asyncio.sleep(INBOX_EVERY)


async def _stop(tasks: Sequence["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
