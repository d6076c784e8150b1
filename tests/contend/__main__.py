"""`make contend`: several at once for one environment, again and again, in each place. Exactly one may win."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from tests.contend.arena import contend
from tests.contend.contender import Maker
from tests.contend.over_commons import OverGit, OverPostgres
from tests.fakes.postgres_server import a_server
from tests.remotes.transports import TRANSPORTS, remote

Place = Callable[[], AbstractContextManager[Maker]]
"""Makes what the lock is kept in, with the environment free, and takes it away again."""


POSTGRES = "postgres"
PLACES = (*TRANSPORTS, POSTGRES)


def main() -> int:
    """Parse, let them contend, tell; 1 when a round went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.contend", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="of each configuration [200]")
    parser.add_argument("--contenders", type=int, nargs="+", default=[2, 5], help="how many at once [2 5]")
    parser.add_argument("--over", nargs="*", choices=PLACES, default=PLACES, help="in which places [all]")
    given = parser.parse_args()
    places: dict[str, Place] = {name: _postgres if name == POSTGRES else partial(_remote, name) for name in given.over}
    wrong = 0
    for name, place in places.items():
        for contenders in given.contenders:
            wrong += _configuration(name, place, contenders, given.rounds)
    return int(bool(wrong))


def _configuration(name: str, place: Place, contenders: int, rounds: int) -> int:
    """Play and tell one; how many rounds and losers went wrong."""
    begun = time.monotonic()
    with place() as make:
        score = contend(make, contenders, rounds)
    print(f"{name:8}  {score}  ({time.monotonic() - begun:.0f} s)", flush=True)
    for line in score.wrong[:5]:
        print(f"    WRONG  {line}", flush=True)
    return score.not_one + len(score.wrong)


@contextmanager
def _remote(transport: str) -> Iterator[Maker]:
    with tempfile.TemporaryDirectory(prefix="hotfix-contend-") as name:
        folder = Path(name)
        with remote(transport, folder) as served:
            yield OverGit(served.url, folder, served.env)


@contextmanager
def _postgres() -> Iterator[Maker]:
    with a_server() as server, tempfile.TemporaryDirectory(prefix="hotfix-contend-") as name:
        yield OverPostgres(server.database().url, Path(name))


if __name__ == "__main__":
    sys.exit(main())
