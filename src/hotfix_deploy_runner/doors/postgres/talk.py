"""What is said to a database, apart from how: statements out, rows in. No connection, no driver, no waiting.

Written once, it is held over a connection that blocks and over one that does not alike.
"""

from collections.abc import Generator
from typing import Any, LiteralString, TypeAlias, TypeVar

T = TypeVar("T")
Statement: TypeAlias = tuple[LiteralString, tuple[object, ...]]
"""SQL with `%s` for each of the values."""

Row: TypeAlias = tuple[Any, ...]

Talk: TypeAlias = Generator[Statement, list[Row], T]
"""Yields a statement, is sent the rows that came of it, and in the end returns what was wanted."""


def asking(sql: LiteralString, *values: object) -> Talk[list[Row]]:
    """One statement, and its rows."""
    return (yield sql, values)


def atomically(talk: Talk[T]) -> Talk[T]:
    """`talk` as one transaction, undone when it raises. Each statement sees what others have committed before it."""
    # The server's default may be a stricter level, where a lost race is an error of the database.
    yield "BEGIN ISOLATION LEVEL READ COMMITTED", ()
    try:
        result = yield from talk
    except Exception:
        yield "ROLLBACK", ()
        raise
    yield "COMMIT", ()
    return result
