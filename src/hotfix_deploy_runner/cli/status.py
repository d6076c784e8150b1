"""`status`: who holds what. Without a team and without options it is answered by `standing` alone."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from ..doors.repository import find_repository
from ..errors import HotfixError
from ..lock.local import Holder
from ..lock.record import LockRecord
from ..shared.locks import holder_words
from ..views.instances import instances_lines
from ..wiring.bringing import bring, is_driven_here
from ..wiring.project import Project
from ..wiring.sharing import shared_locks
from ..wiring.team import standing_locks
from .failing import tells_errors
from .options import project_options
from .project import open_project
from .standing import standing

TEAM_WITHIN = 5.0
"""Seconds that the team's place has to answer."""


@click.command("status")
@click.option("--instances", is_flag=True, help="Also ask the platforms what runs (slower).")
@click.option("--local", is_flag=True, help="Only what is known on this machine: do not ask the team's place.")
@project_options
@tells_errors
def command(instances: bool, local: bool, config: Path | None) -> None:
    """Say for each environment who holds it, for the whole team, and how its last run ended."""
    find_repository(Path.cwd())  # outside of one there is nothing to tell
    if local and not instances:
        click.echo(standing(), nl=False)
        return
    try:
        project = open_project(config)
    except HotfixError as error:
        if instances:
            raise
        click.echo(f"Warning: what the team knows is missing here: {error.message}", err=True)
        click.echo(standing(), nl=False)
        return
    click.echo(asyncio.run(_status(project, instances, local)), nl=False)


async def _status(project: Project, instances: bool, local: bool) -> str:
    try:
        team = {} if local else await _team(project)
    finally:
        await project.let_commons_go()
    return standing(await _instances(project) if instances else {}, team)


async def _team(project: Project) -> Mapping[str, Holder]:
    """Who holds what by the team's locks, with their runs brought here; none where the place does not answer."""
    try:
        commons = await project.commons()
        if commons is None:
            return {}
        records, may_live = await standing_locks(project, TEAM_WITHIN), shared_locks(project, commons).may_live
        for run in {record.run for record in records.values() if record.run}:
            if not is_driven_here(project, run):
                await bring(commons, project, run)
        return {one: _holder(one, record, alive=may_live(record)) for one, record in records.items()}
    except HotfixError as error:
        click.echo(f"Warning: what the team knows is missing here: {error.message}", err=True)
        return {}


def _holder(environment: str, record: LockRecord, *, alive: bool) -> Holder:
    """The team's lock as one of this machine is told. A free one is told as such."""
    return Holder(
        environment,
        record.state,
        run=record.run,
        operator=record.operator,
        host=record.process.host,
        pid=record.process.pid,
        since=record.since,
        fence=record.fence,
        alive=alive or record.state != "held",
        reason=record.reason,
        why=record.why,
        words=holder_words(record),
    )


async def _instances(project: Project) -> dict[str, Sequence[str]]:
    async def look(environment: str) -> Sequence[str]:
        found = await project.discovery.fleets(environment)
        return tuple(instances_lines({one.name: one.fleet for one in found}))

    return {environment: await look(environment) for environment in project.settings.environments}
