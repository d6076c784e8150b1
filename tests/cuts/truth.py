"""What the team has to have in the end: the whole run, and locks that are free."""

import asyncio
from collections.abc import Iterator

from tests.cuts.town import CutTown

from hotfix_deploy_runner.core.events import AnyEvent
from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.git.objects import Objects
from hotfix_deploy_runner.journal.sqlite import SqliteStore
from hotfix_deploy_runner.shared.git_remote import GitCommons


def unshared(town: CutTown, run: str) -> list[str]:
    """What the remote does not have as it has to be, a line each. `run` is empty when it had not begun."""
    return asyncio.run(_unshared(town, run))


async def _unshared(town: CutTown, run: str) -> list[str]:
    """Seen from a clone of somebody else's, past every network."""
    commons = GitCommons(Objects(town.folder / "other", Commands(str)), "origin")
    wrong = [
        f"the team's lock of {environment} is {seen.record.state}, by run {seen.record.run}"
        for environment, seen in (await commons.look()).items()
        if seen.record.state != "free"
    ]
    if run:
        theirs = [(one.seq, one.event) for one in await commons.events(run)]
        wrong += _difference(theirs, _ours(town, run))
    return wrong


def _ours(town: CutTown, run: str) -> list[tuple[int, AnyEvent]]:
    store = SqliteStore(town.home / "journal.db", read_only=True)
    try:
        return [*store.events(run)]
    finally:
        store.close()


def _difference(theirs: list[tuple[int, AnyEvent]], ours: list[tuple[int, AnyEvent]]) -> Iterator[str]:
    if theirs != ours:
        same = next((n for n, pair in enumerate(zip(theirs, ours, strict=False)) if pair[0] != pair[1]), None)
        where = f"they differ at {same}" if same is not None else "the shorter is the beginning of the longer"
        yield f"the team has {len(theirs)} events of the run, and here are {len(ours)}: {where}"
