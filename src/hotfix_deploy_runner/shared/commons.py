"""The port to the place that a team shares: the git remote, or a PostgreSQL database. Nothing here does anything.

It holds three things: the lock of each environment, the events of each run, and the requests to runs. All writing is
compare-and-swap against what was seen, so that of any number of writers one wins, and the others know that they lost.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from ..core.events import AnyEvent
from ..core.facts import Environment
from ..journal.rows import RunId
from ..journal.store import InboxRequest
from ..lock.record import LockRecord

Token = str
"""What a lock is at a moment, opaque: equal tokens, equal lock. Empty: there was never one."""


class Seen(NamedTuple):
    """A lock as it was read, and the token that a change has to name. Never there: an empty token, a free record."""

    token: Token
    record: LockRecord


class Numbered(NamedTuple):
    """An event and its number in its run."""

    seq: int
    event: AnyEvent


class Effects(msgspec.Struct, frozen=True):
    """What else a git remote is to take over in the same atomic push: refspecs, and by ref the value it must have."""

    refspecs: tuple[str, ...] = ()
    leases: Mapping[str, str] = {}


class Change(msgspec.Struct, frozen=True):
    """What is written together, all of it or nothing.

    `locks` are the new locks, each with a nonce of its own, `expected` the tokens that they replace. `events` of `run`
    follow number `after` there (0: a new run); `received` are the ids of its requests that have been taken up.
    """

    expected: Mapping[Environment, Token] = {}
    locks: Mapping[Environment, LockRecord] = {}
    run: RunId = ""
    after: int = 0
    events: Sequence[Numbered] = ()
    received: tuple[str, ...] = ()
    effects: Effects = Effects()


class Commons(Protocol):
    """The shared place. It knows no rule of locking: `locks` does.

    Every method raises `Unreachable` when the place does not answer in time; a change may then have been made all
    the same, and is asked for by its nonces. Every method may be cancelled at any await, and may be repeated.
    """

    @property
    def name(self) -> str:
        """What a person calls it, without secrets: `the remote origin`, `PostgreSQL at db.example.org:5432/hotfix`."""
        ...

    async def look(self, environments: Collection[Environment] | None = None) -> dict[Environment, Seen]:
        """These locks as they are now, or with None all that there ever were."""
        ...

    async def change(self, change: Change) -> dict[Environment, Token]:
        """Write it; the new tokens of its locks. Writing what stands there already (by nonce and number) is done.

        Raises `LockLost` when a lock, or the run's last event, is not what was expected: nothing was written;
        `GitFailed` when the remote refuses one of the effects: nothing was written either.
        """
        ...

    async def requests(self, run: RunId) -> list[InboxRequest]:
        """What was asked of the run and not received, in the order of asking."""
        ...

    async def ask(self, run: RunId, request: InboxRequest) -> None:
        """Put a request there, for the run's holder; asking it twice is asking once."""
        ...

    async def runs(self) -> list[RunId]:
        """Every run that is known there, newest first."""
        ...

    async def events(self, run: RunId, after: int = 0) -> list[Numbered]:
        """The events of a run behind number `after`, in order; none of a run that is not known there."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...
