"""The git remote, asked and written to. Each change is one atomic push."""

import asyncio
import contextlib
import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from ...core.events import to_json as event_to_json
from ...core.facts import Environment
from ...core.instant import Seconds
from ...doors.git.objects import DataCommit, Objects
from ...doors.git.records import Commit
from ...errors import GitFailed, GitRefused, LockHeld, LockLost, Unreachable
from ...journal.rows import RunId
from ...journal.store import InboxRequest
from ...lock.record import LockRecord, from_json, to_json
from ..commons import Change, Numbered, Seen, Token
from .chunks import FOLDER, chunk, numbered
from .names import Names

ATTEMPTS = 4
"""How often a change is sent that changed nothing and lost to nobody: a server refuses one when two come at once."""

PAUSE: Seconds = 0.2

FINAL = ("declined", "stale info", "fetch first", "non-fast-forward")
"""In a refusal that stays one: a hook's, or a ref that is not as expected. Any other may come of two at once."""


class GitCommons:
    """A `Commons` in refs of a git remote. A lock's token is the id of its commit.

    An unchanged value in an atomic push is not compared by the server (seen), so every change writes each lock anew,
    with a nonce that makes it another commit.
    """

    def __init__(self, git: Objects, remote: str, names: Names | None = None) -> None:
        self._git, self._remote, self._names = git, remote, names or Names()
        self._runs: dict[RunId, Commit] = {}

    @property
    def name(self) -> str:
        """See `Commons.name`."""
        return f"the remote {self._remote}"

    async def look(self, environments: Collection[Environment] | None = None) -> dict[Environment, Seen]:
        """See `Commons.look`."""
        wanted = None if environments is None else [self._names.lock(one) for one in environments]
        refs = await self._brought(*([self._names.locks] if wanted is None else wanted))
        seen = {
            self._names.environment(ref): Seen(commit, await self._lock(ref, commit)) for ref, commit in refs.items()
        }
        missing = {one: Seen("", LockRecord()) for one in environments or () if one not in seen}
        return {**seen, **missing}

    async def change(self, change: Change) -> dict[Environment, Token]:
        """See `Commons.change`. What became of a push that brought no answer is asked for."""
        before, made = await self._made(change)
        refspecs = [*(f"{commit}:{ref}" for ref, commit in made.items()), *change.effects.refspecs]
        leases = {**before, **change.effects.leases}
        for attempt in range(ATTEMPTS):
            error = await self._git.try_to_push([*refspecs, *await self._taken_away(change)], leases)
            if error is None or await self._arrived(before, made, error):
                break
            if attempt + 1 == ATTEMPTS or (change.effects.refspecs and _is_final(error)):
                raise error if isinstance(error, GitRefused) else self._silent(error)
            await asyncio.sleep(PAUSE * random.uniform(attempt, attempt + 1))
        if (ref := self._names.run(change.run)) in made:
            self._runs[change.run] = made[ref]
        return {one: made[self._names.lock(one)] for one in change.locks}

    async def requests(self, run: RunId) -> list[InboxRequest]:
        """See `Commons.requests`."""
        refs = await self._refs(self._names.requests(run))
        if not await self._here(refs):
            return []  # one was taken away meanwhile; they are asked for again soon
        texts = [await self._git.file(commit, "request.json") for commit in refs.values()]
        return sorted(_readable(text for text in texts if text is not None), key=lambda request: request.at)

    async def ask(self, run: RunId, request: InboxRequest) -> None:
        """See `Commons.ask`."""
        ref = self._names.request(run, request.id)
        content = {"request.json": msgspec.json.encode(request)}
        (commit,) = await self._git.make([DataCommit("A request to a hotfix run", content, at=int(request.at))])
        error = await self._git.try_to_push([f"{commit}:{ref}"], {ref: ""})
        if error is not None and (await self._refs(ref)).get(ref) != commit:
            raise error if isinstance(error, GitRefused) else self._silent(error)

    async def runs(self) -> list[RunId]:
        """See `Commons.runs`."""
        return sorted(map(self._names.run_of, await self._refs(self._names.runs)), reverse=True)

    async def events(self, run: RunId, after: int = 0) -> list[Numbered]:
        """See `Commons.events`."""
        ref = self._names.run(run)
        refs = await self._brought(ref)
        if ref not in refs:
            return []
        return [one for one in numbered(await self._git.lines(refs[ref], FOLDER), run) if one.seq > after]

    async def aclose(self) -> None:
        """See `Commons.aclose`: no connection is kept."""

    async def _made(self, change: Change) -> tuple[dict[str, Token], dict[str, Commit]]:
        """What the refs have to be, and what they are to become: commits that are made here."""
        before = {self._names.lock(one): change.expected.get(one, "") for one in change.locks}
        wanted = {self._names.lock(one): _lock_commit(record) for one, record in change.locks.items()}
        ref = self._names.run(change.run)
        if change.events and (last := await self._last(change)) is not None:
            before[ref] = last
            at = int(change.events[-1].event.at)
            wanted[ref] = DataCommit(f"Events of hotfix run {change.run}", chunk(change.events), before[ref], at)
        return before, dict(zip(wanted, await self._git.make(list(wanted.values())), strict=True))

    async def _taken_away(self, change: Change) -> list[str]:
        """Refspecs for the requests that were received. A push that removes what is not there fails as a whole."""
        there = [self._names.request(change.run, one) for one in change.received]
        return [f":{ref}" for ref in (await self._refs(*there) if there else ())]

    async def _last(self, change: Change) -> Commit | None:
        """The commit with the run's events up to number `after`; None where these are there already.

        Raises `LockLost` where there are others.
        """
        if change.run in self._runs:
            return self._runs[change.run]
        ref = self._names.run(change.run)
        known = await self.events(change.run)
        if known and _lines(known[change.after :]) == _lines(change.events):
            return None
        if len(known) != change.after:
            raise LockLost(f"somebody else writes to run {change.run}", detail=f"it has {len(known)} events there")
        return (await self._refs(ref)).get(ref, "") if known else ""

    async def _arrived(self, before: Mapping[str, Token], made: Mapping[str, Commit], error: GitFailed) -> bool:
        """Whether the push was done all the same; False when nothing has changed. Raises `LockLost` for another."""
        now = await self._refs(*made)
        if all(now.get(ref, "") == commit for ref, commit in made.items()):
            return True
        other = next((ref for ref in made if now.get(ref, "") not in (before[ref], made[ref])), None)
        if other is not None:
            raise LockLost(f"{other} on {self._remote} has been changed by somebody else", detail=error.detail)
        return False

    async def _brought(self, *patterns: str) -> dict[str, Commit]:
        """The refs like these as they are now, their commits here: asked again while the remote changes meanwhile."""
        while True:
            refs = await self._refs(*patterns)
            if await self._here(refs):
                return refs

    async def _here(self, refs: Mapping[str, Commit]) -> bool:
        """Have these commits here. False when the remote has others by now."""
        missing = await self._missing(refs)
        try:
            await self._git.bring(missing)
        except GitFailed as error:
            now = await self._refs(*missing)
            if all(now.get(ref) == refs[ref] for ref in missing):
                raise self._silent(error) from error
            return False
        return not await self._missing({ref: refs[ref] for ref in missing})

    async def _missing(self, refs: Mapping[str, Commit]) -> list[str]:
        """Those whose commit is not here."""
        absent = await self._git.missing(refs.values())
        return [ref for ref, commit in refs.items() if commit in absent]

    async def _refs(self, *patterns: str) -> dict[str, Commit]:
        try:
            return await self._git.refs_like(*patterns)
        except GitFailed as error:
            raise self._silent(error) from error

    async def _lock(self, ref: str, commit: Commit) -> LockRecord:
        text = await self._git.file(commit, "lock.json")
        try:
            return from_json((text or "").encode())
        except ValueError as error:
            raise LockHeld(
                f"the lock {ref} on {self._remote} cannot be read, so nobody knows who holds it",
                detail=str(error),
                next_step=f"git push {self._remote} :{ref}, once no run is at work there",
            ) from error

    def _silent(self, error: GitFailed) -> Unreachable:
        return Unreachable(
            f"{self.name} does not answer: {error.message}", detail=error.detail, next_step=error.next_step
        )


def _readable(texts: Iterable[str]) -> Iterator[InboxRequest]:
    """One that a newer version of this program has put there, with a verb of its own, does not hide the others."""
    for text in texts:
        with contextlib.suppress(msgspec.DecodeError):
            yield msgspec.json.decode(text, type=InboxRequest)


def _is_final(error: GitFailed) -> bool:
    return isinstance(error, GitRefused) and any(word in error.message for word in FINAL)


def _lines(events: Sequence[Numbered]) -> list[bytes]:
    """As they are written: one that has been read has lists where the run's own may have tuples."""
    return [event_to_json(one.event) for one in events]


def _lock_commit(record: LockRecord) -> DataCommit:
    content = {"lock.json": to_json(record) + b"\n"}
    return DataCommit("A lock of hotfix-deploy-runner", content, at=int(record.since))
