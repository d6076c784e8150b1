"""`make contend`: several at once for one environment, again and again, over each transport. Exactly one may win."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path

from tests.contend.arena import contend
from tests.contend.contender import Maker
from tests.contend.over_git import over_git
from tests.contend.over_postgres import over_postgres
from tests.remotes.transports import TRANSPORTS, remote

Place = Callable[[], AbstractContextManager[Maker]]
"""Makes what the lock is kept in, with the environment free, and takes it away again."""


def main() -> int:
    """Parse, let them contend, tell; 1 when a round went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.contend", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="of each configuration [200]")
    parser.add_argument("--contenders", type=int, nargs="+", default=[2, 5], help="how many at once [2 5]")
    parser.add_argument("--over", nargs="*", choices=TRANSPORTS, default=TRANSPORTS, help="which remotes [all]")
    parser.add_argument("--postgres", metavar="URL", help="over this database too; it gets a table, `contended`")
    given = parser.parse_args()
    places: dict[str, Place] = {transport: partial(_remote, transport) for transport in given.over}
    if given.postgres:
        places["postgres"] = lambda: nullcontext(over_postgres(given.postgres))
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
            yield over_git(served, folder / "contenders")


if __name__ == "__main__":
    sys.exit(main())
