"""The `process` platform: instances are processes on this machine, and outlive the runner."""

import asyncio
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from ...core.fleet import Fleet, Instance
from ...core.revision import UNKNOWN, Revision
from ...errors import ArtifactMissing, CheckFailed, PlatformFailed
from ...ports import All, Move
from .dial import Dial
from .fence import Fence
from .layout import Layout, Prepared, Record, Stage, read_json, write_json
from .observer import Observer
from .releases import Releases

LOGS_KEPT = 5
"""How many ended lives of a slot keep their log."""


class ProcessPlatform:
    """Drives named slots (`web-1` … `web-N`), each with one process. `ports.Platform` says what each method means.

    It routes nothing: what takes traffic stands in `serving.json` and is told to the `publish` command.
    A slot that cannot get the new revision ready goes on serving the old one, and the failed process is in the fleet
    beside it; without a port to spare the old one had to be ended first, and the way back starts it again.
    """

    noun = "process"

    def __init__(
        self, slots: tuple[str, ...], layout: Layout, fence: Fence, observer: Observer, releases: Releases, dial: Dial
    ) -> None:
        self._slots = slots
        self._layout = layout
        self._fence = fence
        self._observer = observer
        self._releases = releases
        self._dial = dial

    async def fleet(self) -> Fleet:
        """Every instance by its record, its process and its answers, asked now. Empty where nothing ever ran."""
        with _disk(self._layout):
            return Fleet(await self._observer.instances())

    async def prepare(self, move: Move) -> None:
        """Unpack and install both revisions, and note which slots there are now, for the way back.

        Raises `ArtifactMissing` when the bytes of either are gone, `PlatformFailed` when one cannot be made ready.
        """
        with _disk(self._layout):
            await self._fence.admit(move.fence)
            known = [move.old] if move.old.artifact else []
            for revision in [move.new, *known]:
                await self._provide(revision)
            async with self._fence.effect(move.fence):
                write_json(self._layout.move, self._prepared(move))

    async def shift(self, move: Move, count: int | All) -> None:
        """Have the first `count` slots serve `move.new`; with 0, every slot that there was before serves `move.old`.

        On the way forward a slot whose process does not get ready is no error: `fleet()` shows it. On the way back
        it is: `PlatformFailed` names it.
        """
        with _disk(self._layout):
            await self._fence.admit(move.fence)
            if count == 0:
                await self._back(move)
                return
            slots = self._slots if isinstance(count, All) else self._all_slots()[:count]
            await self._dial.turn(slots, move.new, move.fence, back=False)
            if isinstance(count, All) and not self._lacking(move.new):
                await self._dial.retire(lambda r: r.slot not in slots, move.fence)

    async def settle(self, keep: Revision, fence: int) -> None:
        """End what is draining, forget what failed, remove old releases and old logs."""
        with _disk(self._layout):
            await self._fence.admit(fence)
            await self._dial.retire(lambda r: self._left_over(r, keep), fence)
            async with self._fence.effect(fence):
                needed = [keep, *(r.revision for r in self._layout.records())]
            await asyncio.to_thread(self._releases.remove, needed)
            await asyncio.to_thread(self._remove_logs)

    async def explain(self, instance: Instance) -> str:
        """Its process, how it ended, and the last lines of its log."""
        return await asyncio.to_thread(self._observer.explain, instance)

    async def stop_all(self) -> None:
        """End every process of this platform, and return when they are gone. For demonstrations and tests."""
        with _disk(self._layout):
            await self._dial.retire(lambda record: True, self._fence.seen)

    async def _back(self, move: Move) -> None:
        if move.old == UNKNOWN:
            await self._dial.retire(lambda r: r.revision == move.new, move.fence)
            return
        prepared = read_json(self._layout.move, Prepared)
        slots = (prepared.slots if prepared is not None else ()) or self._slots
        whys = await self._dial.turn(slots, move.old, move.fence, back=True)
        if whys:
            raise PlatformFailed(f"{move.old.version} cannot be brought back: {whys[0]}", detail="\n".join(whys))
        await self._dial.retire(lambda r: r.slot not in slots and r.revision != move.old, move.fence)

    async def _provide(self, revision: Revision) -> None:
        try:
            await self._releases.provide(revision)
        except ArtifactMissing:
            raise
        except CheckFailed as error:
            text = f"{revision.version} cannot be installed: {error.message}"
            raise PlatformFailed(text, detail=error.detail, next_step=error.next_step) from error

    def _prepared(self, move: Move) -> Prepared:
        """With the slots of before the move: a repetition finds some on the new revision, and keeps the first list."""
        known = read_json(self._layout.move, Prepared)
        if known is not None and (known.move.new, known.move.old) == (move.new, move.old):
            return Prepared(move, known.slots)
        return Prepared(move, tuple(dict.fromkeys(r.slot for r in self._layout.records())))

    def _all_slots(self) -> tuple[str, ...]:
        """Those configured, then those that are left of a time when more were."""
        return tuple(dict.fromkeys([*self._slots, *(r.slot for r in self._layout.records())]))

    def _lacking(self, revision: Revision) -> bool:
        serving = {r.slot for r in self._layout.records() if r.revision == revision and r.stage is Stage.SERVING}
        return not set(self._slots) <= serving

    def _left_over(self, record: Record, keep: Revision) -> bool:
        failed = record.stage is Stage.STARTING and (record.given_up or self._observer.ended(record))
        return record.stage in (Stage.DRAINING, Stage.STOPPING) or (bool(failed) and record.revision != keep)

    def _remove_logs(self) -> None:
        ended: dict[str, list[Record]] = defaultdict(list)
        for record in self._layout.history():
            if record.stage is Stage.OVER:
                ended[record.slot].append(record)
        for records in ended.values():
            for record in records[:-LOGS_KEPT]:
                shutil.rmtree(self._layout.place(record), ignore_errors=True)


@contextmanager
def _disk(layout: Layout) -> Iterator[None]:
    """A disk that is full or not ours is the platform's failure, and names the file."""
    try:
        yield
    except OSError as error:
        raise PlatformFailed(f"the platform's files: {error}", detail=str(layout.root), next_step="df -h") from error
