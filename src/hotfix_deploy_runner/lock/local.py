"""The lock of an environment, for everybody on this machine who shares a directory."""

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ..core.instant import Instant, utc
from ..doors.process_mark import mark, may_live
from ..errors import HotfixError, LockHeld
from .files import LockFiles
from .record import LockRecord, State


class Lease(NamedTuple):
    """Proof that `run` holds `environments`, all under one `fence`. `taken` maps an environment to the run that had it.

    A fence is higher than every earlier one of the same environments: a platform can refuse whoever comes with less.
    """

    environments: tuple[str, ...]
    fence: int
    run: str
    taken: Mapping[str, str] = MappingProxyType({})

    @property
    def taken_from(self) -> str | None:
        """The run that was taken over. Of several: that of the last environment, the one nearest to the customers."""
        return next((self.taken[e] for e in reversed(self.environments) if e in self.taken), None)


class Holder(NamedTuple):
    """Who holds an environment. `alive` is False only when its process has certainly ended.

    `state` is `held`, `suspended` (its run left the environment touched; `why` says how) or `unreadable` (`why`
    says what is wrong with the file, `repair` is the command to mend it). `words` say it all, where they are given.
    """

    environment: str
    state: State
    run: str = ""
    operator: str = ""
    host: str = ""
    pid: int = 0
    since: Instant = 0.0
    fence: int = 0
    alive: bool = True
    reason: str = ""
    why: str = ""
    repair: str = ""
    words: str = ""

    def __str__(self) -> str:
        if self.words:
            return self.words
        if self.state == "unreadable":
            return self.why
        who = f"run {self.run} of {self.operator}, process {self.pid} on {self.host}, since {utc(self.since)}"
        return f"{who}: {self.why}" if self.why else who


class LocalLocks:
    """Locks in `directory`, one file an environment; the directory is made when missing. Not for a network file system.

    `pid` (default: this process) is the process whose death frees what was acquired here. Methods block for the few
    milliseconds that a file takes to reach the disk. All but `holder` raise `HotfixError` when the disk refuses.
    """

    def __init__(
        self,
        directory: Path,
        *,
        pid: int | None = None,
        host: str | None = None,
        clock: Callable[[], Instant] = time.time,
    ) -> None:
        self._files = LockFiles(directory)
        self._process = mark(os.getpid() if pid is None else pid, host or os.uname().nodename)
        self._clock = clock

    def acquire(
        self,
        environments: Sequence[str],
        run: str,
        operator: str,
        reason: str = "",
        *,
        takeover: bool = False,
        insist: bool = False,
        fence: int = 0,
    ) -> Lease:
        """Take all of `environments`, or none. Order does not matter for safety; the last is the one that matters most.

        A lock whose process has ended is taken over; so is one that `run` itself suspended. With `insist` also one that
        another process holds for `run`, with `takeover` any is, from a live holder too. With `fence`, that of the lock
        that the whole team shares, what a run left here is no reason any more: somebody may have gone on with it
        elsewhere. Raises `LockHeld` naming the holder.
        """
        wanted = tuple(dict.fromkeys(environments))
        with self._files.changing():
            before = {environment: self._files.read(environment) for environment in wanted}
            if not takeover:
                others = {e: record for e, record in before.items() if not (insist and record.run == run)}
                self._refuse_if_held(others, run, shared=bool(fence))
            # Whoever gives a fence has asked the clock already, and is to have that one unless it is too low.
            fence = (
                max(fence, *(1 + record.fence for record in before.values())) if fence else self._above(before.values())
            )
            after = LockRecord(fence, "held", run, operator, reason, self._clock(), self._process)
            self._write_all(before, after)
        taken = {environment: record.run for environment, record in before.items() if record.state != "free"}
        return Lease(wanted, fence, run, taken)

    def release(self, lease: Lease) -> bool:
        """Give back what of `lease` is still held under it. False when some of it is not: it was taken over."""
        return self._change(lease, state="free", why="", run=lease.run)

    def suspend(self, lease: Lease, why: str, run: str = "") -> bool:
        """Keep others out although the process ends: `run` (default: the lease's) is unfinished, namely `why`.

        As `release`. Another run than the lease's is one whose place it took, and with which nothing came of it.
        """
        return self._change(lease, state="suspended", why=why, run=run or lease.run)

    def still_ours(self, lease: Lease) -> bool:
        """Whether all of `lease` is held under it. Raises `LockHeld` when a lock cannot be read."""
        return all(_held_under(self._files.read(environment), lease) for environment in lease.environments)

    def taken_by(self, lease: Lease) -> str:
        """The run that has taken over some of `lease`, also when it has ended since; empty when none has.

        A lock that was removed or cannot be read proves nothing, and is no takeover.
        """
        with contextlib.suppress(HotfixError):
            records = (self._files.read(environment) for environment in lease.environments)
            return next((record.run for record in records if record.fence > lease.fence), "")
        return ""

    def holder(self, environment: str) -> Holder | None:
        """Who holds it, None when nobody does. Reads only, and never raises: what cannot be read is told as such."""
        try:
            record = self._files.read(environment)
        except HotfixError as error:
            seen = next(iter(error.detail.splitlines()), "")
            return Holder(environment, "unreadable", why=f"{error.message} ({seen})", repair=error.next_step)
        return None if record.state == "free" else _holder(environment, record)

    def fence(self, environment: str) -> int:
        """The highest fence under which it was taken here; 0 where it never was. Raises `LockHeld` when unreadable."""
        return self._files.read(environment).fence

    def next_fence(self, environments: Sequence[str]) -> int:
        """The least fence with which `environments` can be taken now."""
        with self._files.changing():
            return self._above([self._files.read(environment) for environment in environments])

    def _above(self, records: Iterable[LockRecord]) -> int:
        return 1 + max((record.fence or self._first() for record in records), default=0)

    def _first(self) -> int:
        """Below the first fence of a lock that is not there. There may have been one, and platforms have seen its
        fences: the clock is above them all, as they do not come by the second.
        """
        return int(self._clock())

    def _refuse_if_held(self, before: dict[str, LockRecord], run: str, *, shared: bool) -> None:
        for environment, record in before.items():
            if record.state == "free" or (record.state == "suspended" and (shared or record.run == run)):
                continue
            holder = _holder(environment, record)
            if record.state == "suspended":
                raise LockHeld(f"run {holder.run} left {environment} unfinished", detail=str(holder), next_step=_STATUS)
            if holder.alive:
                raise LockHeld(f"another run holds {environment}", detail=str(holder), next_step=_STATUS)

    def _write_all(self, before: dict[str, LockRecord], after: LockRecord) -> None:
        """Write `after` to all of them; when one fails, put back what was there."""
        with contextlib.ExitStack() as undo:
            for environment, record in before.items():
                undo.callback(self._put_back, environment, record)
                self._files.write(environment, after)
            undo.pop_all()

    def _put_back(self, environment: str, record: LockRecord) -> None:
        # A lock that cannot be put back either is free as soon as this process has ended.
        with contextlib.suppress(HotfixError):
            self._files.write(environment, record)

    def _change(self, lease: Lease, state: State, why: str, run: str) -> bool:
        with self._files.changing():
            records = {environment: self._files.read(environment) for environment in lease.environments}
            ours = {environment: record for environment, record in records.items() if _held_under(record, lease)}
            for environment, record in ours.items():
                self._files.write(environment, record._replace(state=state, why=why, run=run))
        return len(ours) == len(records)


_STATUS = "hotfix-deploy-runner status"


def _held_under(record: LockRecord, lease: Lease) -> bool:
    return (record.state, record.fence, record.run) == ("held", lease.fence, lease.run)


def _holder(environment: str, record: LockRecord) -> Holder:
    process = record.process
    return Holder(
        environment=environment,
        state=record.state,
        run=record.run,
        operator=record.operator,
        host=process.host,
        pid=process.pid,
        since=record.since,
        fence=record.fence,
        alive=may_live(process),
        reason=record.reason,
        why=record.why,
    )
