"""Taking the locks that a team shares, and the rules for it. Not how they are kept: that is a `Commons`."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from ..core.facts import Environment
from ..core.instant import Instant, Seconds, utc
from ..doors.process_mark import ProcessMark, may_live
from ..errors import LockHeld, UsageError
from ..journal.rows import RunId
from ..lock.record import LockRecord
from .commons import Change, Commons, Seen, Token
from .sightings import Sightings, since_boot

Taken = TypeVar("Taken")

TTL: Seconds = 90.0
"""For how long a holder may be silent."""

MARGIN = 1 / 3
"""How much longer, as a share of its ttl, one waits: its last writing may have been under way for so long."""

LOOK_EVERY: Seconds = 5.0

_STATUS = "hotfix-deploy-runner status"


class Hold(msgspec.Struct, frozen=True):
    """Proof that a run holds environments, all under one `fence`, until `deadline` unless it is renewed.

    `locks` are the records as they were written, `tokens` what they are now, `taken` what they replaced. `deadline` is
    on this machine's clock since boot: the start of the last successful writing, and the ttl.
    """

    run: RunId
    fence: int
    locks: Mapping[Environment, LockRecord]
    tokens: Mapping[Environment, Token]
    taken: Mapping[Environment, LockRecord]
    deadline: Seconds

    @property
    def taken_from(self) -> dict[Environment, RunId]:
        """The runs that had not let go, by environment."""
        return {one: record.run for one, record in self.taken.items() if record.state in ("held", "suspended")}


class SharedLocks:
    """The locks in `commons`, taken for `process`. `clock` tells UTC, for people; nothing is decided by it.

    It makes the first fence of a lock, though: platforms may have seen those of a lock that was kept elsewhere, and a
    clock is above them all, as they do not come by the second.
    """

    def __init__(
        self,
        commons: Commons,
        process: ProcessMark,
        sightings: Sightings,
        *,
        ttl: Seconds = TTL,
        clock: Callable[[], Instant] = time.time,
        since_boot: Callable[[], Seconds] = since_boot,
    ) -> None:
        self._commons, self._process, self._sightings = commons, process, sightings
        self._ttl, self._clock, self._since_boot = ttl, clock, since_boot

    async def take(
        self,
        environments: Sequence[Environment],
        run: RunId,
        operator: str,
        reason: str = "",
        *,
        above: int = 0,
        takeover: bool = False,
        insist: bool = False,
    ) -> Hold:
        """Take all of them or none, under a fence above `above` and every earlier one.

        One whose holder has certainly ended, or was silent for too long, is taken over; so is one that `run` itself
        left. With `insist` also one that another process holds for `run`, with `takeover` any is. Raises `LockHeld`
        naming the holder, `Unreachable`.
        """
        wanted = tuple(dict.fromkeys(environments))
        seen = await self._commons.look(wanted)
        silent = {one: self._silent(one, seen[one]) for one in wanted}
        for environment in wanted:
            insists = takeover or (insist and seen[environment].record.run == run)
            self._refuse(environment, seen[environment], run, silent[environment], takeover=insists)
        fence = 1 + max(above, *(found.record.fence or int(self._clock()) - 1 for found in seen.values()))
        record = LockRecord(fence, "held", run, operator, reason, self._clock(), self._process, ttl=self._ttl)
        return await self.write(wanted, record, {one: seen[one] for one in wanted})

    async def write(self, environments: Sequence[Environment], record: LockRecord, seen: Mapping[str, Seen]) -> Hold:
        """Write `record` in the place of what was seen. Raises `LockHeld` naming who was there first.

        A run that gets through a freeze keeps it beneath.
        """
        begun = self._since_boot()
        locks = {one: fresh(record) for one in environments}
        if record.state == "held":
            locks = {one: lock._replace(freeze=seen[one].record.beneath) for one, lock in locks.items()}
        expected = {one: seen[one].token for one in environments}
        try:
            tokens = await self._commons.change(Change(expected, locks))
        except LockHeld as error:
            raise await self._lost(environments, error) from error
        taken = {one: seen[one].record for one in environments}
        return Hold(record.run, record.fence, locks, tokens, taken, begun + record.ttl)

    async def take_from_the_dead(
        self,
        environments: Sequence[Environment],
        take: Callable[[], Awaitable[Taken]],
        waits: Callable[[str], None],
    ) -> Taken:
        """`take` these until it succeeds, for as long as their holder does not show a sign of life.

        `waits` is told, once, whom is waited for. Raises `LockHeld` when the holder is alive.
        """
        told = False
        while True:
            before = await self._commons.look(environments)
            try:
                return await take()
            except LockHeld as error:
                if not error.free_in:
                    raise
                if not told:
                    waits(f"{error.message}: {error.detail}")
                    told = True
                await asyncio.sleep(LOOK_EVERY)
                now = await self._commons.look(environments)
                if any(now[one].token != found.token for one, found in before.items()):
                    raise

    async def _lost(self, environments: Sequence[Environment], error: LockHeld) -> LockHeld:
        """Somebody was there first: who."""
        seen = await self._commons.look(environments)
        for environment in environments:
            if seen[environment].record.state == "held":
                return held(environment, seen[environment].record)
        return error

    def _silent(self, environment: Environment, seen: Seen) -> Seconds:
        """For how long its holder was. All are looked at before one is refused: their times run side by side."""
        return self._sightings.seen(environment, seen.token) if seen.record.state == "held" else 0.0

    def _refuse(self, environment: Environment, seen: Seen, run: RunId, silent: Seconds, *, takeover: bool) -> None:
        record, own = seen.record, seen.record.run == run
        refuse_elsewhere(environment, record, self._commons.name)
        if takeover or record.state == "free" or (record.state == "suspended" and own):
            return
        if record.state != "held":
            raise held(environment, record)
        if self.may_live(record) and silent <= record.ttl * (1 + MARGIN):
            raise held(environment, record, silent)
        if record.freeze.since and not own:
            raise _still_frozen(environment, record)

    def may_live(self, record: LockRecord) -> bool:
        """False only for a process of this very boot that is gone: another machine may have the same name."""
        process = record.process
        return process.boot != self._process.boot or may_live(process)


def refuse_elsewhere(environment: Environment, record: LockRecord, here: str) -> None:
    """Raise `UsageError` where the lock is kept in another place than `here`."""
    if record.state == "elsewhere":
        raise UsageError(
            f"the lock of {environment} is kept in {record.why}, not in {here}",
            next_step="have all configurations name the same journal",
        )


def fresh(record: LockRecord) -> LockRecord:
    """The record with a nonce of its own: identical ones of two writers would both be taken for their own."""
    return record._replace(nonce=secrets.token_hex(16))


def held(environment: Environment, record: LockRecord, silent: Seconds = 0.0) -> LockHeld:
    """The error that names who keeps others out of an environment."""
    if record.state == "frozen":
        unlock = f"hotfix-deploy-runner unlock --target {environment}"
        return LockHeld(f"{environment} is frozen: {record.reason}", detail=holder_words(record), next_step=unlock)
    if record.state == "suspended":
        go_on = f"hotfix-deploy-runner resume {record.run}, or abort {record.run}"
        return LockHeld(f"run {record.run} left {environment} unfinished", detail=holder_words(record), next_step=go_on)
    left = record.ttl * (1 + MARGIN) - silent
    gone = f"if that machine is gone: it is taken over after {left:.0f} s more of silence, or at once: "
    command = f'hotfix-deploy-runner takeover --target {environment} --reason "…"'
    error = LockHeld(
        f"another run holds {environment}", detail=f"{holder_words(record)}\n{gone}{command}", next_step=_STATUS
    )
    error.free_in = max(1.0, left)
    return error


def _still_frozen(environment: Environment, record: LockRecord) -> LockHeld:
    """The run that got through the freeze is gone, and the freeze is there all the same."""
    error = held(environment, record.let_go())
    error.next_step = f'hotfix-deploy-runner takeover --target {environment} --reason "…", then unlock'
    return error


def holder_words(record: LockRecord) -> str:
    """Who it is, since when, and why."""
    process = record.process
    at = f", process {process.pid} on {process.host}" if process.pid else ""
    who = f"run {record.run} of {record.operator}" if record.run else record.operator
    return f"{who}{at}, since {utc(record.since)}" + (f": {record.why}" if record.why else "")
