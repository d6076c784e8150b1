"""A database by its URL: how it is connected to, with time limits, and what is said when it does not answer."""

import contextlib
import os
import select
import shlex
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from ...core.instant import Seconds, spoken
from ...errors import Unreachable, UsageError
from .talk import Talk, asking

if TYPE_CHECKING:
    import types

    import psycopg

PATIENCE: Seconds = 10.0
"""How long one call may take, connecting included; a call takes milliseconds."""


class Database(msgspec.Struct, frozen=True):
    """Where it is: libpq's `url` without secrets, the `secrets` that it held by their parameter, and a display name.

    What `url` does not say (a password above all) libpq takes from PGPASSWORD and its kin, the service file and
    ~/.pgpass (https://www.postgresql.org/docs/current/libpq-connect.html).
    """

    url: str
    name: str
    secrets: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"Database({self.name})"

    def unreachable(self, error: Exception, patience: Seconds) -> Unreachable:
        """What to raise for `error`: the driver's own, or a `TimeoutError`."""
        failed = f"does not answer within {spoken(patience)}" if isinstance(error, TimeoutError) else "cannot be used"
        try_it = f"psql {shlex.quote(self.url)} -c 'select 1'"
        return Unreachable(f"{self.name} {failed}", detail=str(error).strip(), next_step=try_it)


def driver() -> "types.ModuleType":
    """Psycopg, loaded only where a database is used. Raises `UsageError` when it is not installed."""
    try:
        import psycopg
    except ImportError as error:
        raise UsageError(
            "a PostgreSQL database needs psycopg, which is not installed",
            detail=str(error),
            next_step='pip install "hotfix-deploy-runner[postgres]"',
        ) from error
    return psycopg


def parameters(database: Database, patience: Seconds) -> dict[str, Any]:
    """What psycopg's `connect` is given beside the URL.

    The kernel gives up on a connection whose other end is silent for `patience`: a cable that was pulled says nothing.
    """
    return {
        **database.secrets,
        "autocommit": True,
        "prepare_threshold": None,  # poolers and prepared statements do not go together
        "client_encoding": "utf8",
        "fallback_application_name": "hotfix-deploy-runner",
        "connect_timeout": max(2, round(patience)),
        "tcp_user_timeout": round(patience * 1000),
        "keepalives_idle": max(1, round(patience / 2)),
        "keepalives_interval": max(1, round(patience / 8)),
        "keepalives_count": 4,
    }


def greeting(patience: Seconds) -> Talk[object]:
    """What a new connection begins with: the server's own time limits.

    It gives up on a statement before we do, and on a transaction whose client fell silent: a laptop that dies in the
    middle of one would otherwise keep its rows locked for hours.
    """
    return asking(
        "SELECT set_config('statement_timeout', %s, false),"
        " set_config('idle_in_transaction_session_timeout', %s, false)",
        str(round(patience * 800)),
        str(round(patience * 1000)),
    )


def is_usable(connection: "psycopg.BaseConnection[Any]") -> bool:
    """Whether it can be talked over again. One that has something to say by itself says that it is at its end."""
    if connection.closed or connection.info.transaction_status != connection.info.transaction_status.IDLE:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)


def cut(connection: "psycopg.BaseConnection[Any]") -> None:
    """End it from outside, without a word: whoever waits for its answer gets an error at once."""
    with contextlib.suppress(OSError, driver().Error), socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)
