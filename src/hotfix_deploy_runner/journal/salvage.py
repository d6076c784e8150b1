"""What can be saved of a broken journal: every run up to the first of its events that cannot be read."""

import contextlib
import sqlite3
from pathlib import Path

import msgspec

from ..core.events import AnyEvent, RunStarted, from_json
from ..errors import JournalBroken
from .rows import RunId
from .sqlite import SqliteStore


class Salvage(msgspec.Struct, frozen=True):
    """`saved` are events by run, as many as could be read; `lost` runs of which not even the first could.

    `aside` is where the broken file is now.
    """

    saved: dict[RunId, int]
    lost: tuple[RunId, ...]
    aside: Path


def salvage(path: Path) -> Salvage:
    """Read what can be read of the journal `path`, put it into a new one in its place, and the old one aside.

    The broken file is only ever read and renamed. Raises `JournalBroken` when nothing is wrong with it, or the new one
    cannot be written.
    """
    fresh, aside = path.with_name(f"{path.name}.salvaged"), _free(path)
    _remove(fresh)
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as broken:
        runs = _runs(broken)
        found = {run: _events(broken, run) for run in runs}
    store = SqliteStore(fresh)
    for run, events in found.items():
        if events:
            store.append(run, 0, events)
    store.close()
    _move(path, aside)
    _move(fresh, path)
    return Salvage(
        {run: len(events) for run, events in found.items() if events},
        tuple(run for run, events in found.items() if not events),
        aside,
    )


def _runs(broken: sqlite3.Connection) -> list[RunId]:
    """Every run that either table still knows, in the order in which they began."""
    found: dict[RunId, None] = {}
    for asked in ("SELECT run FROM runs ORDER BY run", "SELECT run FROM events ORDER BY run, seq"):
        with contextlib.suppress(sqlite3.Error):
            for (run,) in broken.execute(asked):
                found[str(run)] = None
    return sorted(found)


def _events(broken: sqlite3.Connection, run: RunId) -> list[AnyEvent]:
    """The run's events from the first on, without a gap; none where it does not begin as a run does."""
    events: list[AnyEvent] = []
    with contextlib.suppress(sqlite3.Error, msgspec.DecodeError):
        for seq, text in broken.execute("SELECT seq, event FROM events WHERE run = ? ORDER BY seq", (run,)):
            if seq != len(events) + 1:
                break
            events.append(from_json(text))
    return events if events and isinstance(events[0], RunStarted) else []


def _free(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.broken-{number}") for number in range(1, 1000))
    free = next((name for name in names if not name.exists()), None)
    if free is None:
        raise JournalBroken("a thousand broken journals lie here already", next_step=f"ls {path.parent}")
    return free


def _move(path: Path, to: Path) -> None:
    """With what SQLite keeps beside it."""
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(to.with_name(to.name + suffix))


def _remove(path: Path) -> None:
    for suffix in ("-wal", "-shm", ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
