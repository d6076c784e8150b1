"""Connections that do not block, for who does other things meanwhile."""

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ...core.instant import Seconds
from .database import PATIENCE, Database, cut, driver, greeting, is_usable, parameters
from .talk import Talk

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")


class Connections:
    """As many connections as there are talks at a time; kept for the next, and made anew after they broke.

    No talk waits for another: one that hangs does not keep a lease from being renewed. `patience`: seconds that one may
    take, connecting included. Nothing is ever said twice: what was under way when a connection broke is lost.
    """

    def __init__(self, database: Database, *, patience: Seconds = PATIENCE) -> None:
        self._driver = driver()
        self._database = database
        self._patience = patience
        self._idle: list[psycopg.AsyncConnection] = []

    async def hold(self, talk: Talk[T]) -> T:
        """What `talk` returns. Raises what it raises, and `Unreachable` when the database fails or is too slow."""
        try:
            async with asyncio.timeout(self._patience):
                return await self._hold(talk)
        except (self._driver.Error, TimeoutError) as error:
            raise self._database.unreachable(error, self._patience) from error

    async def aclose(self) -> None:
        """Let go of those that are idle; the next talk makes a new one."""
        while self._idle:
            await self._idle.pop().close()

    async def _hold(self, talk: Talk[T]) -> T:
        connection = await self._usable()
        try:
            return await _unless_cancelled(connection, talk)
        finally:
            # Broken, or inside of a transaction: closing undoes it.
            await self._keep(connection)

    async def _keep(self, connection: "psycopg.AsyncConnection") -> None:
        if is_usable(connection):
            self._idle.append(connection)
        else:
            await connection.close()

    async def _usable(self) -> "psycopg.AsyncConnection":
        while self._idle:
            connection = self._idle.pop()
            if is_usable(connection):
                return connection
            await connection.close()
        given = parameters(self._database, self._patience)
        fresh: psycopg.AsyncConnection = await self._driver.AsyncConnection.connect(self._database.url, **given)
        await _unless_cancelled(fresh, greeting(self._patience))
        return fresh


async def _unless_cancelled(connection: "psycopg.AsyncConnection", talk: Talk[T]) -> T:
    """What `talk` returns. Cancelled, it cuts the connection: the driver itself would first wait for the server."""
    work = asyncio.ensure_future(_over(connection, talk))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        cut(connection)
        await asyncio.gather(work, return_exceptions=True)
        raise


async def _over(connection: "psycopg.AsyncConnection", talk: Talk[T]) -> T:
    rows: Any = None
    while True:
        try:
            sql, values = talk.send(rows)
        except StopIteration as end:
            return cast("T", end.value)
        cursor = await connection.execute(sql, values or None)
        rows = await cursor.fetchall() if cursor.description else []
