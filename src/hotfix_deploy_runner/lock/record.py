"""What stands in a lock, wherever it is kept: in a file, on the git remote, in a database."""

from typing import Literal, NamedTuple, get_args

from ..core import objects
from ..core.instant import Instant, Seconds
from ..doors.process_mark import ProcessMark

State = Literal["free", "held", "suspended", "frozen", "elsewhere", "unreadable"]
"""`held`: a run is at work. `suspended`: one left it unfinished. `frozen`: a person keeps everybody out.

`elsewhere`: the lock is kept in another place, which `why` names. `unreadable` is never written: it is what a reader
says of a lock that makes no sense.
"""


class Freeze(NamedTuple):
    """Who keeps everybody out, why and since when. Without a `since` nobody does."""

    operator: str = ""
    reason: str = ""
    since: Instant = 0.0


class LockRecord(NamedTuple):
    """The lock of one environment. A free one keeps its `fence`, which only ever counts up, and its last holder.

    `process` is the holder's, `since` when it was taken. `ttl` is for how many seconds the holder may be silent; 0
    where its process is what is looked at instead. `nonce` is made anew with each writing: no two are ever equal.
    `freeze` is what a rollback has got through, and what comes back when it, or who took its place, lets go.
    """

    fence: int = 0
    state: State = "free"
    run: str = ""
    operator: str = ""
    reason: str = ""
    since: Instant = 0.0
    process: ProcessMark = ProcessMark()
    why: str = ""
    ttl: Seconds = 0.0
    nonce: str = ""
    freeze: Freeze = Freeze()

    @property
    def beneath(self) -> Freeze:
        """The freeze that whoever takes this lock gets through; an empty one where there is none."""
        return Freeze(self.operator, self.reason, self.since) if self.state == "frozen" else self.freeze

    def let_go(self) -> "LockRecord":
        """As its holder leaves it: free, or frozen as it was before."""
        if not self.freeze.since:
            return self._replace(state="free", why="")
        return LockRecord(self.fence, "frozen", "", *self.freeze)


def to_json(record: LockRecord) -> bytes:
    """`record` as it is kept, without a line end."""
    return objects.to_json(record)


def from_json(content: bytes) -> LockRecord:
    """The record that is kept as `content`. Raises `ValueError` when it makes no sense."""
    record = objects.from_json(LockRecord, content)
    if record.state not in get_args(State):
        raise ValueError(f"`state` cannot be {record.state!r}")
    return record
