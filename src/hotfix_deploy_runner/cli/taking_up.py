"""Opening the project as a run that was left knew it: with the flags and the file it was begun with."""

from pathlib import Path

import click

from ..doors.repository import find_repository
from ..journal.sqlite import SqliteStore
from ..lock.local import LocalLocks
from ..wiring.conduct import Past
from ..wiring.project import Project
from ..wiring.unfinished import choose
from .project import open_project


def open_left(run: str, config: Path | None, notify: tuple[str, ...] = ()) -> tuple[Project, Past]:
    """The run that is meant and its project; `config` and `notify` win over what it was begun with.

    Raises `UsageError` when no such run can be gone on with.
    """
    home = find_repository(Path.cwd()).home
    store = SqliteStore(home / "journal.db", read_only=True)
    try:
        past = choose(store, LocalLocks(home / "locks"), run)
    finally:
        store.close()
    started = past.started
    flags = {**started.flags, **({"notify": list(notify)} if notify else {})}
    known = Path(started.config) if started.config else None
    project = open_project(config or known, flags, not_before=past.run.latest)
    click.echo(f"Run {past.run.id}: {past.run.facts.version} for {past.run.request.target}", err=True)
    return project, past
