"""`lock`, `unlock`, `takeover`, `adopt` and `reconcile`: what one does to what the team shares, by hand."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from ..errors import UsageError
from ..wiring.bringing import bring
from ..wiring.holding import left_open
from ..wiring.project import Project
from ..wiring.team import freeze, take_over, thaw, the_commons
from ..wiring.team import reconcile as reconciled
from .failing import tells_errors
from .options import project_options
from .project import open_project

Result = TypeVar("Result")

_HELP = {"help_option_names": ["-h", "--help"]}
_target = click.option(
    "--target", default="production", show_default=True, envvar="HOTFIX_TARGET", help="The environment."
)


@click.command("lock", context_settings=_HELP)
@_target
@click.option("--reason", required=True, help="Why; everybody who is kept out reads it.")
@project_options
@tells_errors
def lock(target: str, reason: str, config: Path | None) -> None:
    """Keep every deploy out of an environment, for everybody, until `unlock`. A rollback gets through all the same."""
    project = open_project(config)
    _run(project, freeze(project, target, reason))
    click.echo(f"{target} is frozen: {reason}")


@click.command("unlock", context_settings=_HELP)
@_target
@project_options
@tells_errors
def unlock(target: str, config: Path | None) -> None:
    """Let deploys in again."""
    project = open_project(config)
    before = _run(project, thaw(project, target))
    click.echo(f"{target} is free again (it was {before.state} by {before.operator or 'nobody'}: {before.reason})")


@click.command("takeover", context_settings=_HELP)
@_target
@click.option("--reason", required=True, help="How you know that the run's machine is gone.")
@project_options
@tells_errors
def takeover(target: str, reason: str, config: Path | None) -> None:
    """Take an environment from the run that holds it, at once: for when its machine is known to be gone.

    Without it, a holder that is silent for two minutes is taken over by whoever comes next. What the run left
    unfinished is for `resume` or `abort`, here or in any clone.
    """
    project = open_project(config)
    before = _run(project, take_over(project, target, reason))
    click.echo(f"{target} is taken from run {before.run} of {before.operator} on {before.process.host}.")
    if left_open(project, before.run) is not None:
        click.echo(f"Next: hotfix-deploy-runner resume {before.run}, or abort {before.run}")
    else:
        click.echo("It had touched nothing there.")


@click.command("adopt", context_settings=_HELP)
@click.argument("run")
@project_options
@tells_errors
def adopt(run: str, config: Path | None) -> None:
    """Bring RUN, of another clone, into this clone's journal: `show`, `report`, `resume` and `abort` know it then."""
    project = open_project(config)
    count = _run(project, _bring(project, run))
    if not count:
        raise UsageError(f"no clone has carried a run {run} there", next_step="hotfix-deploy-runner status")
    click.echo(f"Run {run}: {count} events are here.")


async def _bring(project: Project, run: str) -> int:
    return await bring(await the_commons(project), project, run)


@click.command("reconcile", context_settings=_HELP)
@project_options
@tells_errors
def reconcile(config: Path | None) -> None:
    """Give the team what it could not be given when it was out of reach: events, freed locks, marks of rollbacks."""
    project = open_project(config)
    lines = _run(project, reconciled(project))
    for line in lines:
        click.echo(f"  [{line.status}] {line.text}")
    if not lines:
        click.echo("Nothing is owed.")


def _run(project: Project, work: Coroutine[Any, Any, Result]) -> Result:
    async def worked() -> Result:
        try:
            return await work
        finally:
            await project.let_commons_go()

    return asyncio.run(worked())
