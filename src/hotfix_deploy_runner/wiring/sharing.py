"""Taking environments for a run: in the place that the team shares, and on this machine."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..core.facts import Environment
from ..core.instant import Seconds
from ..doors.process_mark import mark
from ..errors import HotfixError, LockLost, Unreachable
from ..journal.rows import RunId
from ..journal.sqlite import SqliteStore
from ..journal.store import InboxRequest
from ..lock.local import Lease
from ..lock.record import LockRecord
from ..shared.commons import Change, Commons, Effects
from ..shared.courier import Courier
from ..shared.locks import Hold, SharedLocks, fresh
from ..shared.sightings import Sightings
from .project import Project

LETS_GO_WITHIN: Seconds = 10.0
HURRIED: Seconds = 1.0
BACK_WAITS: Seconds = 5.0
"""How long a rollback waits for the team's lock: then it goes without."""


class Inbox:
    """The local inbox of runs, opened for each request: the run's own connection belongs to another thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask(self, run: RunId, request: InboxRequest) -> None:
        """See `courier.Inbox`."""
        store = SqliteStore(self._path)
        try:
            store.ask(run, request)
        finally:
            store.close()


class Held:
    """What a run holds while it lasts: this machine's lock, and with it the team's, if there is one.

    `courier` keeps the latter; `commons` is where. Neither where the run goes without: `offline`, what it does is owed.
    """

    def __init__(
        self,
        project: Project,
        lease: Lease,
        commons: Commons | None = None,
        hold: Hold | None = None,
        *,
        offline: bool = False,
    ) -> None:
        self.lease, self.commons = lease, commons
        self.lost: Callable[[str], None] = lambda why: None
        """Is told when somebody else has taken the team's lock."""
        self._project, self._hold = project, hold
        self.courier = self._courier(commons, hold) if commons and hold else None
        if self.courier is not None or offline:
            project.carried.owe(lease.run)
        if self.courier is not None:
            self.courier.begin()

    @property
    def cut_off(self) -> str:
        """Why no new effect may begin now; empty while one may."""
        return self.courier.cut_off if self.courier is not None else ""

    @property
    def taken_from(self) -> tuple[tuple[Environment, RunId], ...]:
        """The environments whose runs had not let go, with these; the one nearest to the customers first."""
        there = self._hold.taken_from if self._hold is not None else {}
        pairs = [(e, run) for e in reversed(self.lease.environments) for run in (self.lease.taken.get(e), there.get(e))]
        return tuple(dict.fromkeys((e, run) for e, run in pairs if run and run != self.lease.run))

    def own(self, environment: Environment) -> Lease:
        """The lease of one environment alone."""
        return self.lease._replace(environments=(environment,))

    async def push(self, refspecs: Sequence[str], leases: Mapping[str, str]) -> None:
        """Have the remote take over refs, all or none, only while the lock is ours. Raises `GitFailed`, `LockHeld`."""
        if self.courier is not None and self._project.place == "git":
            await self.courier.carry(Effects(tuple(refspecs), leases))
            return
        if self.courier is not None:
            await self.courier.carry()
        await self._project.git.push(refspecs, leases=leases)

    async def confirm(self) -> None:
        """See that the place is still ours, where time has gone by. Raises `LockLost` where it is not."""
        if self.courier is not None and self.courier.cut_off:
            await self.courier.carry()

    async def let_go(self, left: Environment = "", run: RunId = "", why: str = "", *, hurried: bool = False) -> None:
        """Free everything but `left`, which `run` leaves unfinished, namely `why`.

        A place that was frozen is so again. Where the team's lock cannot be freed it is said: it runs out by itself.
        """
        try:
            if left:
                self._project.locks.suspend(self.own(left), why, run)
            self._project.locks.release(self.lease)
        finally:
            await self._let_the_team_have_it(left, run, why, hurried=hurried)

    async def _let_the_team_have_it(self, left: Environment, run: RunId, why: str, *, hurried: bool) -> None:
        if self.courier is None or self._hold is None:
            return
        records = {
            one: record._replace(state="suspended", run=run, why=why) if one == left else record.let_go()
            for one, record in self._hold.locks.items()
        }
        try:
            await self.courier.close(records, HURRIED if hurried else LETS_GO_WITHIN)
        except LockLost:
            await self._free_the_rest(records, HURRIED if hurried else BACK_WAITS)
        except HotfixError as error:
            print(
                f"Warning: the team's lock was not let go: {error.message}. It runs out by itself; "
                "hotfix-deploy-runner reconcile does it sooner",
                file=sys.stderr,
            )
        finally:
            await self._project.let_commons_go()

    async def _free_the_rest(self, records: Mapping[Environment, LockRecord], within: Seconds) -> None:
        """Of several, somebody has taken one: the others are still ours, and nobody else would free them."""
        assert self.commons is not None
        with contextlib.suppress(HotfixError, TimeoutError):
            async with asyncio.timeout(within):
                for environment, seen in (await self.commons.look(records)).items():
                    record = seen.record
                    if (record.state, record.run, record.fence) == ("held", self.lease.run, self.lease.fence):
                        left = {environment: fresh(records[environment])}
                        await self.commons.change(Change({environment: seen.token}, left))

    def _courier(self, commons: Commons, hold: Hold) -> Courier:
        return Courier(
            commons,
            hold,
            Inbox(self._project.home / "journal.db"),
            lost=lambda why: self.lost(why),
            carried=lambda last: self._project.carried.note(hold.run, last),
        )


async def take(
    project: Project,
    environments: Sequence[Environment],
    run: RunId,
    reason: str = "",
    *,
    takeover: bool = False,
    insist: bool = False,
    offline: bool = False,
) -> Held:
    """Take all of `environments` for `run`, or none; `takeover` and `insist` as in `SharedLocks.take`.

    Raises `LockHeld` naming the holder, `Unreachable` where the team's place does not answer.
    """
    commons = None if offline else await project.commons()
    if commons is None:
        fence = max(project.locks.next_fence(environments), 1 + int(project.clock())) if offline else 0
        lease = project.locks.acquire(
            environments, run, project.operator, reason, takeover=takeover, insist=insist, fence=fence
        )
        return Held(project, lease, offline=offline)
    above = project.locks.next_fence(environments) - 1
    locks = shared_locks(project, commons)
    try:
        hold = await locks.take(
            environments, run, project.operator, reason, above=above, takeover=takeover, insist=insist
        )
    except Unreachable as error:
        # It may have been taken all the same: `reconcile` is to know whose it is.
        project.carried.owe(run)
        error.next_step = "the same command again, or with --offline: under this machine's lock alone"
        raise
    try:
        lease = project.locks.acquire(
            environments, run, project.operator, reason, takeover=takeover, insist=insist, fence=hold.fence
        )
    except HotfixError:
        with contextlib.suppress(HotfixError):  # what cannot be given back now runs out by itself
            await give_back(commons, hold)
        raise
    return Held(project, lease, commons, hold)


async def take_for_the_way_back(
    project: Project,
    environments: Sequence[Environment],
    run: RunId,
    reason: str,
    *,
    takeover: bool = False,
    insist: bool = False,
) -> Held:
    """As `take`. Where the team's place is silent, without it: a rollback does not wait, and for none twice."""
    why = "it was asked just now, and does not answer"
    if not project.team_is_silent:
        try:
            async with asyncio.timeout(BACK_WAITS):
                return await take(project, environments, run, reason, takeover=takeover, insist=insist)
        except (Unreachable, TimeoutError) as error:
            why = error.message if isinstance(error, Unreachable) else f"no answer within {BACK_WAITS:g} s"
    print(f"Warning: rolling back under this machine's lock alone: {why}", file=sys.stderr)
    return await take(project, environments, run, reason, takeover=takeover, insist=insist, offline=True)


async def give_back(commons: Commons, hold: Hold) -> None:
    """Leave the team's locks as they were found, but for their fences."""
    records = {one: hold.taken[one]._replace(fence=record.fence) for one, record in hold.locks.items()}
    courier = Courier(commons, hold, Inbox(Path()))
    await courier.close(records, LETS_GO_WITHIN)


def shared_locks(project: Project, commons: Commons) -> SharedLocks:
    """The locks that the team shares, taken for this process."""
    process = mark(os.getpid(), project.host)
    return SharedLocks(
        commons, process, Sightings(project.home / "sightings.json"), ttl=project.settings.lock_ttl, clock=project.clock
    )
