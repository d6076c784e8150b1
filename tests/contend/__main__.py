"""`make contend`: several at once for one environment, again and again, over each transport. Exactly one may win."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.contend.arena import contend
from tests.contend.contender import Maker
from tests.contend.over_git import over_git
from tests.remotes.transports import TRANSPORTS, remote


def main() -> int:
    """Parse, let them contend, tell; 1 when a round went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.contend", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="of each configuration [200]")
    parser.add_argument("--contenders", type=int, nargs="+", default=[2, 5], help="how many at once [2 5]")
    parser.add_argument("--over", nargs="+", choices=TRANSPORTS, default=TRANSPORTS, help="what the lock is kept in")
    given = parser.parse_args()
    wrong = 0
    for transport in given.over:
        for contenders in given.contenders:
            wrong += _configuration(transport, contenders, given.rounds)
    return int(bool(wrong))


def _configuration(transport: str, contenders: int, rounds: int) -> int:
    """Play and tell one; how many rounds and losers went wrong."""
    begun = time.monotonic()
    with _lock(transport) as make:
        score = contend(make, contenders, rounds)
    print(f"{transport:8}  {score}  ({time.monotonic() - begun:.0f} s)", flush=True)
    for line in score.wrong[:5]:
        print(f"    WRONG  {line}", flush=True)
    return score.not_one + len(score.wrong)


@contextmanager
def _lock(transport: str) -> Iterator[Maker]:
    with tempfile.TemporaryDirectory(prefix="hotfix-contend-") as name:
        folder = Path(name)
        with remote(transport, folder) as served:
            yield over_git(served, folder / "contenders")


if __name__ == "__main__":
    sys.exit(main())
