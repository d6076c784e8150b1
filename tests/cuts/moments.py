"""What the network does to one push, and when it is well again."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.cuts.gate import Push
from tests.remotes.transports import Remote

AWAY = 2.0
"""Seconds that the network stays away, where it does."""

HUNG = 4.0
"""Longer than the time limit of a push here."""


@dataclass
class Trouble:
    """A network in trouble over one push. `mend` it as often as you like: it becomes well when its time has come."""

    remote: Remote
    begun: Callable[[], bool]
    """Whether it has taken effect."""
    lasts: float
    since: float | None = None
    well: bool = False

    def mend(self) -> None:
        """Have all as before once it has taken effect, and has lasted."""
        if self.since is None and self.begun():
            self.since = time.monotonic()
        if not self.well and self.since is not None and time.monotonic() - self.since >= self.lasts:
            self.end()

    def end(self) -> None:
        """Have all as before, now."""
        self.remote.network.disarm()
        self.remote.network.let_through()
        self.well = True


@dataclass(frozen=True)
class Moment:
    """When a push is struck, and how. `sent` is how many bytes such a push sends to the server."""

    name: str
    strike: Callable[[Remote, Push, int], Trouble]


def _refused(remote: Remote, push: Push, sent: int) -> Trouble:
    remote.network.refuse()
    return Trouble(remote, lambda: True, AWAY)


def _hung(remote: Remote, push: Push, sent: int) -> Trouble:
    remote.network.drop()
    return Trouble(remote, lambda: True, HUNG)


def _during(part: float, away: float) -> Callable[[Remote, Push, int], Trouble]:
    def strike(remote: Remote, push: Push, sent: int) -> Trouble:
        cuts = remote.network.cuts
        remote.network.cut_after("to-server", max(1, int(part * sent)), then_refuse=away > 0)
        return Trouble(remote, lambda: remote.network.cuts > cuts, away)

    return strike


def _after(away: float) -> Callable[[Remote, Push, int], Trouble]:
    def strike(remote: Remote, push: Push, sent: int) -> Trouble:
        cuts, before = remote.network.cuts, remote.refs()
        remote.network.cut_once(lambda: remote.refs() != before, then_refuse=away > 0)
        return Trouble(remote, lambda: remote.network.cuts > cuts, away)

    return strike


MOMENTS = (
    Moment("before: refused for a while", _refused),
    Moment("before: nothing is answered for a while", _hung),
    Moment("during: cut early", _during(0.4, 0)),
    Moment("during: cut late", _during(0.9, 0)),
    Moment("during: cut late, and away for a while", _during(0.9, AWAY)),
    Moment("after: cut", _after(0)),
    Moment("after: cut, and away for a while", _after(AWAY)),
)
