"""Having here what the team knows of runs: this clone's journal follows the team's."""

from collections.abc import Sequence

from ..core.ending import ExitCode
from ..core.events import AnyEvent, to_json
from ..journal.file import JournalFile
from ..journal.prune import forget
from ..journal.rows import RunId
from ..shared.commons import Commons
from .project import Project

NEWEST = 20
"""How many of the team's runs are looked at, newest first."""


async def bring(commons: Commons, project: Project, run: RunId) -> int:
    """Have the run's events here as the team has them, and what is newer here beside. How many the team has.

    Where the two differ, somebody has gone on with the run elsewhere: the team's are the run, and what was here is put
    aside. Raises `Unreachable`, `JournalBroken`.
    """
    theirs = [one.event for one in await commons.events(run)]
    ours = [event for _, event in project.store.events(run)]
    both = min(len(ours), len(theirs))
    if ours[:both] != theirs[:both]:
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


_MAY_GO_ON = (ExitCode.INTERRUPTED, ExitCode.TERMINATED)


def _put_aside(project: Project, run: RunId, events: Sequence[AnyEvent]) -> None:
    folder = project.home / "runs" / run
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "superseded.jsonl").write_bytes(b"".join(to_json(event) + b"\n" for event in events))
    file = JournalFile(project.home / "journal.db")
    try:
        forget(file, [run])
    finally:
        file.close()
