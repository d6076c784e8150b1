"""What a team shares, in a PostgreSQL database: the same tables as `journal.postgres`, asked without blocking."""

from collections.abc import Collection
from typing import TypeVar

from ...core.facts import Environment
from ...core.instant import Seconds
from ...doors.postgres.connections import Connections
from ...doors.postgres.database import PATIENCE, Database
from ...doors.postgres.talk import Talk, atomically
from ...journal.postgres import sql
from ...journal.postgres.schema import bring_forward
from ...journal.rows import RunId
from ...journal.store import InboxRequest
from ..commons import Change, Effects, Numbered, Seen, Token
from .change import make
from .locks import look

T = TypeVar("T")


class PostgresCommons:
    """The `Commons` in `database`, whose tables are made when they are missing. A lock's token is its nonce.

    `patience`: seconds that one call may take. Also raises `JournalBroken` when the tables were written by a newer
    version of this program, or an event cannot be read; and `UsageError`, at once, where psycopg is not installed.
    """

    def __init__(self, database: Database, *, patience: Seconds = PATIENCE) -> None:
        self._name = database.name
        self._connections = Connections(database, patience=patience)
        self._has_tables = False

    @property
    def name(self) -> str:
        """See `Commons.name`."""
        return self._name

    async def look(self, environments: Collection[Environment] | None = None) -> dict[Environment, Seen]:
        """See `Commons.look`."""
        return await self._hold(look(environments))

    async def change(self, change: Change) -> dict[Environment, Token]:
        """See `Commons.change`. Raises `ValueError` for `effects`: a database pushes nothing."""
        if change.effects != Effects():
            raise ValueError("a database cannot take over what is to be pushed to git")
        return await self._hold(atomically(make(change)))

    async def requests(self, run: RunId) -> list[InboxRequest]:
        """See `Commons.requests`."""
        return await self._hold(sql.requests(run))

    async def ask(self, run: RunId, request: InboxRequest) -> None:
        """See `Commons.ask`."""
        await self._hold(sql.ask(run, request))

    async def runs(self) -> list[RunId]:
        """See `Commons.runs`."""
        return [row.run for row in await self._hold(sql.runs())]

    async def events(self, run: RunId, after: int = 0) -> list[Numbered]:
        """See `Commons.events`."""
        return [Numbered(*each) for each in await self._hold(sql.events(run, after))]

    async def aclose(self) -> None:
        """See `Commons.aclose`."""
        await self._connections.aclose()

    async def _hold(self, talk: Talk[T]) -> T:
        result = await self._connections.hold(talk if self._has_tables else _after_tables(talk))
        self._has_tables = True
        return result


def _after_tables(talk: Talk[T]) -> Talk[T]:
    yield from bring_forward()
    return (yield from talk)
