"""Between a run and its team: renews the lock, carries events there and requests here, all of it in the background."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from ..core.events import AnyEvent, CourseChanged, RequestReceived, RunEnded, StepStarted, VerdictReached
from ..core.facts import Environment
from ..core.instant import Seconds
from ..errors import HotfixError, LockLost, Unreachable
from ..journal.rows import RunId
from ..journal.store import InboxRequest
from ..lock.record import LockRecord
from .commons import Change, Commons, Effects, Numbered, Token
from .locks import Hold, fresh
from .pace import Pace
from .sightings import since_boot

RENEW_AFTER = 2 / 9
"""How much of the lease may go by before it is renewed: 20 s of 90."""

NEEDED = 1 / 3
"""How much of the lease must be left for an effect to begin: 30 s of 90, more than ordering one takes."""

POLL_EVERY: Seconds = 3.0

AGAIN_AFTER: Seconds = 0.5
"""How soon a writing that somebody waits for is sent again, where no answer came."""

CALLED_OFF_WITHIN: Seconds = 1.0
"""How long one who is cancelled waits for what is under way: a way back follows, and that does not wait for git."""

URGENT = (VerdictReached, CourseChanged, RequestReceived, RunEnded)
"""What others wait for: carried at once, and never waited for here."""

TOUCHING = ("batch:", "turn:")
"""So is the beginning of such a step: whoever takes over should know that production has been touched."""


class Inbox(Protocol):
    """Where requests to the run are put, for its runner to read."""

    def ask(self, run: RunId, request: InboxRequest) -> None:
        """Put one there; twice is once."""
        ...


class Courier:
    """Holds `hold` for its run as long as it lives. A view of the run: what it is shown, it carries.

    `lost` is told when somebody else has taken the place: nothing more is written then. It waits for nothing and holds
    nothing up; `carry` alone is waited for.
    """

    def __init__(
        self,
        commons: Commons,
        hold: Hold,
        inbox: Inbox,
        *,
        lost: Callable[[str], None] = lambda why: None,
        carried: Callable[[int], None] = lambda last: None,
        clock: Callable[[], Seconds] = since_boot,
        poll_every: Seconds = POLL_EVERY,
    ) -> None:
        self._commons, self._hold, self._inbox = commons, hold, inbox
        self._after, self._lost, self._carried, self._clock = 0, lost, carried, clock
        self._ttl = min(record.ttl for record in hold.locks.values())
        self._renew_every, self._poll_every = RENEW_AFTER * self._ttl, poll_every
        self._pending: list[Numbered] = []
        self._received: tuple[str, ...] = ()
        self._asked: set[str] = set()
        self._answered: set[str] = set()
        self._one_at_a_time = asyncio.Lock()
        self._wake = asyncio.Event()
        self._pace = Pace(clock, self._renew_every)
        self._tasks: list[asyncio.Task[None]] = []
        self._writings: set[asyncio.Task[None]] = set()
        self._unsure: Change | None = None
        self._carries_events = True
        self._closing = False
        self.why = ""
        """Why the last writing did not arrive; empty when it did."""
        self.gone = ""
        """Who has taken the place; empty while it is ours."""

    @property
    def left(self) -> Seconds:
        """For how long the place is ours without another word."""
        return self._hold.deadline - self._clock()

    @property
    def cut_off(self) -> str:
        """Why no new effect may begin now; empty while one may."""
        if self.left >= NEEDED * self._ttl:
            return ""
        return f"the lock cannot be renewed: {self.why or self._commons.name + ' does not answer'}"

    @property
    def behind(self) -> int:
        """How many events the team does not have yet."""
        return len(self._pending)

    def known(self, last: int) -> None:
        """The team has the run's events up to number `last` already. To be said before any is shown."""
        self._after = last

    def keep_events_back(self) -> None:
        """Nobody knows how many events the team has: none is carried, as it could only be wrong. They are owed."""
        self._carries_events = False

    def event(self, seq: int, event: AnyEvent) -> None:
        """Carry one more event of the run, soon; what others wait for, at once. What the team has is only noted."""
        if not self._carries_events:
            return
        if isinstance(event, RequestReceived):
            self._answer(event.request)
        if seq <= self._after:
            return
        self._pending.append(Numbered(seq, event))
        if isinstance(event, URGENT) or (isinstance(event, StepStarted) and event.step.startswith(TOUCHING)):
            self._wake.set()

    def begin(self) -> None:
        """Go to work in the background."""
        self._tasks = [asyncio.create_task(self._renew()), asyncio.create_task(self._poll())]

    async def carry(self, effects: Effects | None = None) -> None:
        """Write what is pending, with the lock anew and `effects` in the same breath. Returns when it has arrived.

        Where no answer comes the very same is sent again, as long as the lock is ours: effects may have been made all
        the same, and are not to be called failed then. Raises `LockLost`, `Unreachable`, and `GitFailed` when the
        remote refuses an effect. Cancelled, what is under way comes to its end in the background.
        """
        called_off = _called_off(effects is None)
        writing = asyncio.create_task(self._write(None, effects or Effects(), called_off))
        self._writings.add(writing)
        writing.add_done_callback(self._done)
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            called_off.set()
            await asyncio.wait([writing], timeout=CALLED_OFF_WITHIN)
            raise

    def _done(self, writing: asyncio.Task[None]) -> None:
        """Whoever waited for it may be gone, and its error is nobody's then."""
        self._writings.discard(writing)
        if not writing.cancelled():
            writing.exception()

    async def close(self, records: Mapping[Environment, LockRecord], within: Seconds) -> None:
        """Write what is left, leave the locks as `records` say, and stop. Raises as `carry`, after `within` at most.

        A renewal that is under way and does not end is given up.
        """
        self._closing = True
        self._wake.set()
        try:
            async with asyncio.timeout(within):
                await self._write(records, Effects(), _called_off(True))
        except TimeoutError:
            raise Unreachable(f"{self._commons.name} does not answer within {within:g} s") from None
        finally:
            stopped = [*self._tasks, *self._writings]
            for task in stopped:
                task.cancel()
            await asyncio.gather(*stopped, return_exceptions=True)

    async def _write(
        self, records: Mapping[Environment, LockRecord] | None, effects: Effects, called_off: asyncio.Event
    ) -> None:
        """One writing at a time. One of which nobody knows whether it arrived is sent again before the next."""
        async with self._one_at_a_time:
            if self.gone:
                raise LockLost(self.gone)
            if self._closing and records is None and not effects.refspecs:
                return  # it has waited for the last writing, after which nothing is to be renewed
            self._pace.note()  # once, however often it is sent: the next renewal is not to wait for that
            if self._unsure is not None:
                await self._send_until_known(self._unsure, called_off)
            if effects.refspecs and called_off.is_set():
                raise asyncio.CancelledError
            locks = {one: fresh(record) for one, record in (records or self._hold.locks).items()}
            run = self._hold.run if self._pending or self._received else ""
            pending = tuple(self._pending)
            change = Change(self._hold.tokens, locks, run, self._after, pending, self._received, effects)
            await self._send_until_known(change, called_off)

    async def _send_until_known(self, change: Change, called_off: asyncio.Event) -> None:
        """The same again after every silence, until the lock runs out or nobody waits for it any more."""
        while True:
            try:
                return await self._send(change)
            except Unreachable:
                if self.left <= 0 or await _comes(called_off, AGAIN_AFTER):
                    raise

    async def _send(self, change: Change) -> None:
        begun = self._clock()
        try:
            tokens = await self._commons.change(change)
        except LockLost as error:
            self._give_up(error)
            raise
        except Unreachable as error:
            # Its effects were to be made then, and not at any later time.
            self._unsure, self.why = msgspec.structs.replace(change, effects=Effects()), error.message
            raise
        except HotfixError as error:
            self._unsure, self.why = None, error.message
            raise
        self._unsure, self.why = None, ""
        self._arrived(change, tokens, begun)

    def _arrived(self, change: Change, tokens: Mapping[Environment, Token], begun: Seconds) -> None:
        deadline = begun + self._ttl
        self._hold = msgspec.structs.replace(self._hold, tokens=tokens, locks=change.locks, deadline=deadline)
        self._received = tuple(one for one in self._received if one not in change.received)
        if change.events:
            del self._pending[: len(change.events)]
            self._after = change.events[-1].seq
            self._carried(self._after)

    def _give_up(self, error: LockLost) -> None:
        self.gone = f"somebody has taken over: {error.message}"
        self._lost(self.gone)

    async def _renew(self) -> None:
        """Write every `RENEW_AFTER` of the ttl, sooner for what is urgent or after a failure; never too often."""
        while not self.gone:
            await _comes(self._wake, self._patience())
            await asyncio.sleep(self._pace.wait())
            if self._closing:
                return
            self._wake.clear()
            with self._going_on():
                await self.carry()

    def _patience(self) -> Seconds:
        """Sooner after a failure, yet so that the pace leaves tries for as long as the lock lasts."""
        return self._renew_every / 2 if self.why else self._renew_every

    @contextlib.contextmanager
    def _going_on(self) -> Iterator[None]:
        """Try again later, also after a bug: who just stopped would lose the lock, and nobody would know why."""
        try:
            yield
        except HotfixError:
            pass
        except Exception as error:
            self.why = f"a bug in hotfix-deploy-runner: {error!r}"

    async def _poll(self) -> None:
        """Bring what others ask of the run."""
        while not self.gone:
            with self._going_on():
                await self._take_in(await self._commons.requests(self._hold.run))
            await asyncio.sleep(self._poll_every)

    async def _take_in(self, requests: Sequence[InboxRequest]) -> None:
        """What was answered already, by whoever had the run before, is only to be taken away."""
        for request in requests:
            if request.id in self._asked:
                continue
            # Noted first: the runner may have read it before this thread is back.
            self._asked.add(request.id)
            if request.id in self._answered:
                self._answer(request.id)
                continue
            try:
                await asyncio.to_thread(self._inbox.ask, self._hold.run, request)
            except BaseException:
                self._asked.discard(request.id)
                raise

    def _answer(self, request: str) -> None:
        self._answered.add(request)
        if request in self._asked and request not in self._received:
            self._received = (*self._received, request)


async def _comes(event: asyncio.Event, within: Seconds) -> bool:
    """Wait for it so long; whether it is set."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            await event.wait()
    return event.is_set()


def _called_off(already: bool) -> asyncio.Event:
    """Is set when nobody waits for an answer any more; `already`: one silence is enough."""
    event = asyncio.Event()
    if already:
        event.set()
    return event
