"""Having here what the team knows of runs: this clone's journal follows the team's."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from ..core.ending import ExitCode
from ..core.events import AnyEvent, to_json
from ..core.instant import Seconds
from ..journal.file import JournalFile
from ..journal.prune import forget
from ..journal.rows import RunId
from ..shared.commons import Commons
from .project import Project

NEWEST = 20
"""How many of the team's runs are looked at, newest first."""


async def bring(commons: Commons, project: Project, run: RunId, *, only: bool = False) -> int:
    """Have the run's events here as the team has them, and what is newer here beside. How many the team has.

    Where the two differ, somebody has gone on with the run elsewhere: the team's are the run, and what was here is put
    aside; with `only`, so is what is newer here, if the team has the run at all. Not under a process of this clone
    that drives it: that finds out by itself. Raises `Unreachable`, `JournalBroken`.
    """
    theirs = [one.event for one in await commons.events(run)]
    ours = [event for _, event in project.store.events(run)]
    both = len(ours) if only and theirs else min(len(ours), len(theirs))
    if ours[:both] != theirs[:both]:
        if is_driven_here(project, run):
            return len(theirs)
        _put_aside(project, run, ours)
        ours = []
    if len(theirs) > len(ours):
        project.store.append(run, len(ours), theirs[len(ours) :])
    return len(theirs)


async def bring_news(commons: Commons, project: Project) -> None:
    """Bring the newest runs that are not known here to their end. Raises as `bring`."""
    over = {row.run for row in project.store.runs() if row.code not in (None, *_MAY_GO_ON)}
    for run in (await commons.runs())[:NEWEST]:
        if run not in over:
            await bring(commons, project, run)


async def bring_news_within(project: Project, seconds: Seconds) -> None:
    """As `bring_news`, from where the team shares, if anywhere. Raises `TimeoutError` besides."""
    async with asyncio.timeout(seconds):
        commons = await project.commons()
        if commons is not None:
            await bring_news(commons, project)


def is_driven_here(project: Project, run: RunId) -> bool:
    """Whether another process of this clone drives the run now."""
    holders = (project.locks.holder(one) for one in project.settings.environments)
    others = (one for one in holders if one is not None and (one.host, one.pid) != (project.host, os.getpid()))
    return any(one.alive and one.state == "held" and one.run == run for one in others)


def superseded(project: Project, run: RunId) -> Path:
    """Where the events of a run are that somebody else's have taken the place of."""
    return project.home / "runs" / run / "superseded.jsonl"


_MAY_GO_ON = (ExitCode.INTERRUPTED, ExitCode.TERMINATED)


def _put_aside(project: Project, run: RunId, events: Sequence[AnyEvent]) -> None:
    path = superseded(project, run)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as kept:
        kept.writelines(to_json(event) + b"\n" for event in events)
    file = JournalFile(project.home / "journal.db")
    try:
        forget(file, [run])
    finally:
        file.close()
