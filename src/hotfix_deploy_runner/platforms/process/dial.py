"""Having slots serve a revision: side by side, as far as there are ports for it."""

import asyncio
from collections.abc import Callable, Sequence

from ...core.revision import Revision
from ...errors import CheckFailed, PlatformFailed, Superseded
from .layout import Record, Stage
from .turn import Parts, Turn


class Dial:
    """Makes the turns of several slots. Which slots, and what follows from a failure, is the caller's to say."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def turn(self, slots: Sequence[str], want: Revision, fence: int, *, back: bool) -> list[str]:
        """Have every slot of `slots` serve `want`; the reasons of those that do not.

        A failing slot stops no other, but for those that have to be emptied first: these go one by one, up to the
        first failure, so that never more than one is down. Raises `Superseded`; on the way forward also the first
        error that the fleet does not show by itself.
        """
        async with self._parts.fence.effect(fence):
            self._parts.supervisor.mend()
        spare = self._spare(slots, count_strangers=back)
        room = asyncio.Semaphore(spare) if spare > 0 else None
        turns = {slot: Turn(self._parts, slot, want, fence, back=back, room=room) for slot in slots}
        careful = [] if room else [slot for slot in slots if await self._serves_other(slot, want, back)]
        at_once = [[turn] for slot, turn in turns.items() if slot not in careful]
        rows = [*at_once, [turns[slot] for slot in careful]]
        work = [*map(_one_by_one, rows), self._clear_beside(slots, fence)]
        return _reasons(await asyncio.gather(*work, return_exceptions=True), back)

    async def retire(self, leaving: Callable[[Record], bool], fence: int) -> None:
        """End every instance that `leaving` picks."""
        async with self._parts.fence.effect(fence):
            self._parts.supervisor.mend()
        await self._parts.retirement.replace([r for r in self._parts.layout.records() if leaving(r)], None, fence)

    async def _clear_beside(self, slots: Sequence[str], fence: int) -> list[str]:
        """End what a cut off turn left in the other slots: it holds ports and serves nobody."""
        beside = [r for r in self._parts.layout.records() if r.slot not in slots and r.stage is not Stage.SERVING]
        useless = [r for r in beside if r.stage is not Stage.STARTING or self._parts.supervisor.present(r)]
        await self._parts.retirement.replace(useless, None, fence)
        return []

    def _spare(self, slots: Sequence[str], *, count_strangers: bool) -> int:
        """Ports beyond one for each slot. A way back must not fail for a stranger's port; a way forward says it."""
        alive = [r for r in self._parts.layout.records() if self._parts.supervisor.alive(r)]
        strangers = self._parts.ports.strangers([r.port for r in alive]) if count_strangers else ()
        return len(self._parts.ports.pool) - len({r.slot for r in alive} | set(slots)) - len(strangers)

    async def _serves_other(self, slot: str, want: Revision, back: bool) -> bool:
        """Whether emptying `slot` takes something away: on the way forward any process, back only one that answers."""
        others = [
            r
            for r in self._parts.layout.records(slot)
            if r.revision != want and r.stage is Stage.SERVING and self._parts.supervisor.alive(r)
        ]
        if not back:
            return bool(others)
        return not all(await asyncio.gather(*(self._parts.observer.not_ready(r) for r in others)))


async def _one_by_one(turns: Sequence[Turn]) -> list[str]:
    for turn in turns:
        if why := await turn.run():
            return [why]
    return []


def _reasons(ends: Sequence[list[str] | BaseException], back: bool) -> list[str]:
    """Why slots do not serve; what must be raised is raised, the weightiest first."""
    errors = [end for end in ends if isinstance(end, BaseException)]
    grave = [e for e in errors if isinstance(e, Superseded) or not isinstance(e, PlatformFailed | CheckFailed)]
    if grave or (errors and not back):
        raise (grave or errors)[0]
    return [why for end in ends for why in (end if isinstance(end, list) else [str(end)])]
