"""Reading the target's metrics, again and again, until told to stop. It judges nothing."""

import asyncio
import contextlib

import msgspec

from ..core.events import ReadingMissed, ReadingTaken
from ..core.fleet import Fleet
from ..core.reading import Cursor
from ..core.run import Run
from ..core.step import Step
from ..doors.together import together
from ..errors import NoReading, PlatformFailed
from ..ports import MetricsSource
from .work import Outcome, Platforms, Work


class WatchTarget:
    """The watch. `source` is None where none is configured; then the step is never planned."""

    def __init__(self, platforms: Platforms, source: MetricsSource | None) -> None:
        self._platforms, self._source = platforms, source
        self._wanted = asyncio.Event()

    def read_soon(self) -> None:
        """Take the next reading at once: a gate waits for it. The interval is counted from there on."""
        self._wanted.set()

    async def watch(self, step: Step, run: Run, work: Work) -> Outcome:
        """One reading an interval, counted from the start of each, or sooner where one is wanted.

        Readings follow on each other without a gap: one that is taken sooner is shorter, and the next begins there.
        The cursor goes into the journal with each; a resumed run goes on from where its last reading left it.
        """
        assert self._source is not None
        cursor = run.cursor
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + run.policy.watching.interval
            self._wanted.clear()
            cursor = await self._read(self._source, cursor, step, run, work)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._wanted.wait()

    async def _read(
        self, source: MetricsSource, cursor: Cursor | None, step: Step, run: Run, work: Work
    ) -> Cursor | None:
        fleet = Fleet()
        try:
            fleet = await self._fleet(step, run)
            reading, cursor = await source.read(fleet, cursor)
            work.emit(ReadingTaken(at=work.clock(), reading=reading, cursor=cursor, fleet=fleet))
        except (NoReading, PlatformFailed) as error:
            work.emit(ReadingMissed(at=work.clock(), why=error.message, fleet=fleet))
        return cursor

    async def _fleet(self, step: Step, run: Run) -> Fleet:
        environment = step.args["environment"]
        names = [found.name for found in run.facts.environments[environment]]
        fleets = await together(*(self._platforms[environment, name].fleet() for name in names))
        if len(names) == 1:
            return fleets[0]
        return Fleet(
            tuple(
                msgspec.structs.replace(instance, platform=name)
                for name, fleet in zip(names, fleets, strict=True)
                for instance in fleet.instances
            )
        )
