"""Contenders over PostgreSQL: an update of what was seen. It stands in for the lock of the runner itself."""

import subprocess
from dataclasses import dataclass

from tests.contend.arena import HELD
from tests.contend.contender import Lost

TABLE = "contended"


@dataclass(frozen=True)
class OverPostgres:
    """Makes contenders for the database at `url`."""

    url: str

    def __call__(self, name: str) -> "PostgresContender":
        """In its process."""
        return PostgresContender(self.url, name)


def over_postgres(url: str) -> OverPostgres:
    """For this database, in which the environment is free then. It gets a table of that name, `TABLE`."""
    make = OverPostgres(url)
    make("first").ask(f"DROP TABLE IF EXISTS {TABLE}; CREATE TABLE {TABLE} AS SELECT '' AS holder")
    return make


class PostgresContender:
    """The lock is the one row of the table: who holds it, or nobody."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name

    def acquire(self) -> Lost | None:
        """Take it from nobody."""
        if self._replace("", self._name):
            return None
        holder = self.ask(f"SELECT holder FROM {TABLE}")
        return Lost(f"production is held by {holder}", HELD)

    def release(self) -> None:
        """Give it to nobody."""
        if not self._replace(self._name, ""):
            raise RuntimeError("what was won is somebody else's")

    def ask(self, sql: str) -> str:
        """What psql prints."""
        command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        done = subprocess.run(
            [*command, f"--command={sql}", self._url], check=True, capture_output=True, text=True, timeout=60
        )
        return done.stdout.strip()

    def _replace(self, seen: str, holder: str) -> bool:
        sql = f"UPDATE {TABLE} SET holder = '{holder}' WHERE holder = '{seen}' RETURNING holder"
        return self.ask(sql + " || '!'") != ""
