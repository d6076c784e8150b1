"""Opening the project as a run that was left knew it: with the flags and the file it was begun with."""

import asyncio
from pathlib import Path

import click

from ..doors.repository import find_repository
from ..errors import HotfixError, Unreachable
from ..journal.sqlite import SqliteStore
from ..lock.local import LocalLocks
from ..wiring.bringing import bring_news_within
from ..wiring.conduct import Past
from ..wiring.project import Project
from ..wiring.unfinished import choose
from .project import open_project

NEWS_WITHIN = 15.0
"""Seconds for asking the team of its runs."""


async def _news(config: Path | None) -> bool:
    """Have here what other clones have recorded. Where the team cannot be asked, what is known here must do.

    False when it does not answer.
    """
    try:
        project = open_project(config)
        try:
            await bring_news_within(project, NEWS_WITHIN)
        finally:
            await project.let_commons_go()
    except (HotfixError, TimeoutError) as error:
        why = error.message if isinstance(error, HotfixError) else f"no answer within {NEWS_WITHIN:g} s"
        click.echo(f"Warning: other clones' runs may be missing here: {why}", err=True)
        return not isinstance(error, Unreachable | TimeoutError)
    return True


def open_left(run: str, config: Path | None, notify: tuple[str, ...] = ()) -> tuple[Project, Past]:
    """The run that is meant and its project; `config` and `notify` win over what it was begun with.

    Raises `UsageError` when no such run can be gone on with.
    """
    home = find_repository(Path.cwd()).home
    answers = asyncio.run(_news(config))
    store = SqliteStore(home / "journal.db", read_only=True)
    try:
        past = choose(store, LocalLocks(home / "locks"), run)
    finally:
        store.close()
    started = past.started
    flags = {**started.flags, **({"notify": list(notify)} if notify else {})}
    known = Path(started.config) if started.config and Path(started.config).exists() else None
    project = open_project(config or known, flags, not_before=past.run.latest)
    project.team_is_silent = not answers
    click.echo(f"Run {past.run.id}: {past.run.facts.version} for {past.run.request.target}", err=True)
    return project, past
