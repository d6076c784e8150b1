"""A change, as what is said in one transaction: compare everything, then write everything.

Locks come first, in the order of their names, then the run: so nobody waits in a circle. What stands there already is
not written again, so that a change whose answer was lost can be repeated.
"""

from collections.abc import Sequence

from ...core.events import AnyEvent, to_json
from ...core.facts import Environment
from ...doors.postgres.talk import Talk
from ...errors import LockLost
from ...journal.file import STATUS
from ...journal.postgres import sql
from ...lock.record import LockRecord
from ..commons import Change, Token
from . import locks


def make(change: Change) -> Talk[dict[Environment, Token]]:
    """See `Commons.change`. Raises `ValueError` for a change that nobody could make."""
    _check(change)
    missing = yield from _compare(change)
    if missing:
        yield from locks.replace(missing)
    if change.events:
        yield from _follow(change)
    yield from sql.receive(change.run, change.received)
    return {environment: record.nonce for environment, record in change.locks.items()}


def _check(change: Change) -> None:
    if not all(record.nonce for record in change.locks.values()):
        raise ValueError("a lock is written without a nonce")
    numbers = [each.seq for each in change.events]
    if numbers != list(range(change.after + 1, change.after + 1 + len(numbers))):
        raise ValueError(f"events {numbers} do not follow number {change.after}")


def _compare(change: Change) -> Talk[dict[Environment, LockRecord]]:
    """The locks that are still to be written; they are held, and what was expected stands there."""
    wanted = {*change.expected, *change.locks}
    there = (yield from locks.hold(wanted)) if wanted else {}
    missing = {name: record for name, record in change.locks.items() if record.nonce != there[name]}
    for name in wanted:
        is_written = name in change.locks and name not in missing
        if not is_written and there[name] != change.expected.get(name, ""):
            raise LockLost(f"somebody else has changed the lock of {name}", next_step=STATUS)
    return missing


def _follow(change: Change) -> Talk[None]:
    """Write the events that are not there yet. Those that are have to be the same."""
    events = [each.event for each in change.events]
    row = yield from sql.hold_run(change.run, events[0] if change.after == 0 else None)
    if row is None and change.after == 0:
        raise ValueError(f"the first event of run {change.run} is not run-started")
    if row is None or row.last_seq < change.after:
        raise LockLost(f"run {change.run} has no event number {change.after}", next_step=STATUS)
    upto = change.after + len(events)
    there = (yield from sql.events(change.run, change.after, upto)) if row.last_seq > change.after else []
    if _texts([event for _, event in there]) != _texts(events[: len(there)]):
        raise LockLost(f"somebody else writes to run {change.run}", next_step=STATUS)
    if rest := events[len(there) :]:
        yield from sql.write(row, rest)


def _texts(events: Sequence[AnyEvent]) -> list[bytes]:
    return [to_json(event) for event in events]
