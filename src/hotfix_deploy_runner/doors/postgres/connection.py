"""One connection that blocks, for who may wait."""

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ...core.instant import Seconds
from .database import PATIENCE, Database, cut, driver, greeting, is_usable, parameters
from .talk import Talk

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")


class Connection:
    """Talks over one connection, made when it is first needed, and again after it broke. For one thread at a time.

    `patience`: seconds that one talk may take. Nothing is ever said twice: what was under way when it broke is lost.
    """

    def __init__(self, database: Database, *, patience: Seconds = PATIENCE) -> None:
        self._driver = driver()
        self._database = database
        self._patience = patience
        self._open: psycopg.Connection | None = None

    def hold(self, talk: Talk[T]) -> T:
        """What `talk` returns. Raises what it raises, and `Unreachable` when the database fails or is too slow."""
        try:
            connection = self._usable()
            with self._limited(connection):
                return _over(connection, talk)
        except self._driver.Error as error:
            self.close()
            raise self._database.unreachable(error, self._patience) from error

    def close(self) -> None:
        """Let go of the connection; the next talk makes a new one."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _usable(self) -> "psycopg.Connection":
        if self._open is None or not is_usable(self._open):
            self.close()
            given = parameters(self._database, self._patience)
            self._open = self._driver.connect(self._database.url, **given)
            with self._limited(self._open):
                _over(self._open, greeting(self._patience))
        return self._open

    @contextlib.contextmanager
    def _limited(self, connection: "psycopg.Connection") -> Iterator[None]:
        timer = threading.Timer(self._patience, cut, [connection])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _over(connection: "psycopg.Connection", talk: Talk[T]) -> T:
    rows: Any = None
    while True:
        try:
            sql, values = talk.send(rows)
        except StopIteration as end:
            return cast("T", end.value)
        cursor = connection.execute(sql, values or None)
        rows = cursor.fetchall() if cursor.description else []
