"""Waiting until instances are ready, and have been for long enough."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ..core.fleet import Fleet, Instance, State
from ..core.instant import Instant, Seconds, spoken
from ..core.pacing import pause
from ..core.revision import Revision
from ..errors import PlatformFailed
from ..ports import Platform

BETWEEN: Seconds = 0.2
"""Seconds between two looks at most. One that looks this far apart find failed has failed: a single look may fall
between an exit and its replacement."""


async def until_healthy(
    platform: Platform,
    revision: Revision,
    count: int,
    *,
    min_healthy: Seconds,
    deadline: Seconds,
    clock: Callable[[], Instant],
    enough: Callable[[Fleet], bool] | None = None,
) -> Fleet:
    """The fleet, once at least `count` instances have served `revision`, ready, for `min_healthy` without a break.

    `enough` replaces that condition where more is asked (nothing else left running). Raises `PlatformFailed` with
    the platform's explanation of the worst instance when one has failed for good, or at the `deadline`.
    """
    begun = clock()
    healthy_since: Instant | None = None
    broken_since: dict[str, Instant] = {}
    good_enough = enough or (lambda fleet: fleet.ready(revision) >= count)
    while True:
        fleet = await platform.fleet()
        now = clock()
        healthy_since = (healthy_since or now) if good_enough(fleet) else None
        if healthy_since is not None and now - healthy_since >= min_healthy:
            return fleet
        broken = [i.incarnation for i in fleet.of(revision) if i.state is State.FAILED]
        broken_since = {one: broken_since.get(one, now) for one in broken}
        if healthy_since is None and any(now - since >= BETWEEN for since in broken_since.values()):
            raise await _unhealthy(platform, fleet, revision, count, "failed")
        if now - begun > deadline:
            raise await _unhealthy(platform, fleet, revision, count, f"not healthy within {spoken(deadline)}")
        rest = pause(now - begun) if healthy_since is None else min_healthy - (now - healthy_since)
        await asyncio.sleep(min(BETWEEN, rest))


async def shifted_and_healthy(shift: Coroutine[Any, Any, None], healthy: Coroutine[Any, Any, Fleet]) -> Fleet:
    """The healthy fleet, once `shift` is done too.

    Side by side: the old instances drain while the new ones show that they are healthy. If one fails, both do.
    """
    tasks = (asyncio.ensure_future(healthy), asyncio.ensure_future(shift))
    try:
        fleet, _ = await asyncio.gather(*tasks)
        return fleet
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _unhealthy(platform: Platform, fleet: Fleet, revision: Revision, count: int, how: str) -> PlatformFailed:
    worst = _worst(fleet, revision)
    ready = fleet.ready(revision)
    if worst is None:
        return PlatformFailed(f"{revision.version} {how}: {ready} of {count} ready, nothing else to see")
    try:
        explained = await platform.explain(worst)
    except PlatformFailed as error:
        explained = error.message
    why = f": {worst.why}" if worst.why else ""
    return PlatformFailed(f"{platform.noun.capitalize()} {worst.name} {how}{why}", detail=explained)


def _worst(fleet: Fleet, revision: Revision) -> Instance | None:
    order = (State.FAILED, State.UNREACHABLE, State.STARTING)
    unwell = [i for i in fleet.instances if i.revision == revision and not i.ready]
    return min(unwell, key=lambda i: order.index(i.state), default=None)
