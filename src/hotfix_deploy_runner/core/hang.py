"""Whether the new instances complete almost nothing while the old ones serve."""

import math

import msgspec

from .evidence import EProcess
from .instant import Seconds

ALMOST_NOTHING = 0.1
"""The share of an old instance's requests that a new one completes at least, if it does not hang.

So low because a balancer may send a new instance less than its part for a while.
"""

HANG_ODDS = tuple(math.log(ratio) for ratio in (3, 10, 30, 100, 1000))
"""Alternatives: a third, a tenth, ... of `ALMOST_NOTHING`."""

LEAST: Seconds = 5.0
"""How long both must have been looked at, at least."""


class Served(msgspec.Struct, frozen=True):
    """The instances of one group that were ready and measured in a reading, and the requests they completed."""

    instances: int = 0
    requests: int = 0


class Hang(msgspec.Struct, frozen=True):
    """The evidence against "a new instance completes at least `ALMOST_NOTHING` of what an old one does".

    Each request completed anywhere is a trial, and one completed by an old instance is the event. Requests that are
    pinned to instances by long-lived connections are not such trials; the low share and the cap allow for some of it.
    """

    process: EProcess
    length: Seconds = 0.0
    new: Served = Served()
    old: Served = Served()

    def seen(self, new: Served, old: Served, length: Seconds) -> "Hang":
        """With one more reading of `length`; one in which either group is absent changes nothing."""
        if not (new.instances and old.instances):
            return self
        limit = old.instances / (old.instances + ALMOST_NOTHING * new.instances)
        return Hang(
            self.process.seen(old.requests, old.requests + new.requests, limit),
            self.length + length,
            Served(new.instances, self.new.requests + new.requests),
            Served(old.instances, self.old.requests + old.requests),
        )

    @property
    def conclusive(self) -> bool:
        """Whether they hang, conclusively and for long enough to say so."""
        return self.length >= LEAST and self.process.conclusive
