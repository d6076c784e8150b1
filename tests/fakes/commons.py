"""What a team shares, in memory: it passes the contract of the real ones, and fails when it is told to."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from hotfix_deploy_runner.core.facts import Environment
from hotfix_deploy_runner.core.instant import Seconds
from hotfix_deploy_runner.errors import GitRefused, LockLost, Unreachable
from hotfix_deploy_runner.journal.rows import RunId
from hotfix_deploy_runner.journal.store import InboxRequest
from hotfix_deploy_runner.lock.record import LockRecord
from hotfix_deploy_runner.shared.commons import Change, Effects, Numbered, Seen, Token


@dataclass
class Shared:
    """What outlives a `FakeCommons`, as a remote outlives a clone. `written` are the changes that were made, in order.

    `effects` are those that were taken over; `refuses` is what the remote says to every one, empty while it takes them.
    """

    locks: dict[Environment, LockRecord] = field(default_factory=dict)
    events: dict[RunId, list[Numbered]] = field(default_factory=dict)
    requests: dict[RunId, dict[str, InboxRequest]] = field(default_factory=dict)
    written: list[Change] = field(default_factory=list)
    effects: list[Effects] = field(default_factory=list)
    refuses: str = ""


class FakeCommons:
    """One clone's way to `shared`. The switches are this clone's alone.

    `unreachable`: nothing arrives. `loses_answers`: of so many changes, what was sent arrives, and no answer comes.
    `slow`: for how many seconds each change is under way, half of them before it arrives. `hangs`: no change ends.
    `sees` is shown every change before it is sent, and may raise.
    """

    name = "the shared place"

    def __init__(self, shared: Shared | None = None) -> None:
        self.shared = shared or Shared()
        self.unreachable = False
        self.loses_answers = 0
        self.slow: Seconds = 0.0
        self.hangs = False
        self.sees: Callable[[Change], None] = lambda change: None
        self.tried = 0
        self.closed = False

    async def look(self, environments: Collection[Environment] | None = None) -> dict[Environment, Seen]:
        await self._reach()
        wanted = self.shared.locks if environments is None else environments
        records = {one: self.shared.locks.get(one, LockRecord()) for one in wanted}
        return {one: Seen(record.nonce, record) for one, record in records.items()}

    async def change(self, change: Change) -> dict[Environment, Token]:
        self.tried += 1
        self.sees(change)
        if self.hangs:
            await asyncio.Event().wait()
        await asyncio.sleep(self.slow / 2)
        await self._reach()
        self._compare(change)
        if change.effects.refspecs and self.shared.refuses:
            raise GitRefused("the remote has refused what was pushed", detail=self.shared.refuses)
        self._make(change)
        await asyncio.sleep(self.slow / 2)
        if self.loses_answers:
            self.loses_answers -= 1
            raise Unreachable(f"{self.name} does not answer")
        return {one: record.nonce for one, record in change.locks.items()}

    async def requests(self, run: RunId) -> list[InboxRequest]:
        await self._reach()
        return sorted(self.shared.requests.get(run, {}).values(), key=lambda request: request.at)

    async def ask(self, run: RunId, request: InboxRequest) -> None:
        await self._reach()
        self.shared.requests.setdefault(run, {})[request.id] = request

    async def runs(self) -> list[RunId]:
        await self._reach()
        return sorted(self.shared.events, reverse=True)

    async def events(self, run: RunId, after: int = 0) -> list[Numbered]:
        await self._reach()
        return self.shared.events.get(run, [])[after:]

    async def aclose(self) -> None:
        self.closed = True

    async def _reach(self) -> None:
        await asyncio.sleep(0)
        if self.unreachable:
            raise Unreachable(f"{self.name} does not answer")

    def _compare(self, change: Change) -> None:
        for one, record in change.locks.items():
            there = self.shared.locks.get(one, LockRecord()).nonce
            if there not in (record.nonce, change.expected.get(one, "")):
                raise LockLost(f"somebody else has changed the lock of {one}")
        known = self.shared.events.get(change.run, [])
        if change.events and len(known) != change.after and known[change.after :] != list(change.events):
            raise LockLost(f"somebody else writes to run {change.run}")

    def _make(self, change: Change) -> None:
        self.shared.locks.update(change.locks)
        if change.events:
            self.shared.events[change.run] = [*self.shared.events.get(change.run, [])[: change.after], *change.events]
        for one in change.received:
            self.shared.requests.get(change.run, {}).pop(one, None)
        self.shared.written.append(change)
        if change.effects != Effects():
            self.shared.effects.append(change.effects)
