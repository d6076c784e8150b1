"""`abort`: give a run up, and bring back what ran before it."""

import asyncio
import sys
from pathlib import Path

import click

from ..core.ending import Ending, ExitCode
from ..errors import UsageError
from ..wiring.conduct import Past
from ..wiring.project import Project
from ..wiring.resume import abort
from .failing import tells_errors
from .holder import ask, follow, living_driver, request_for
from .options import project_options, view_options
from .taking_up import open_left
from .viewing import view


@click.command("abort", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("run", default="")
@click.option("--reason", default="", help="Why; it stands in the journal.")
@project_options
@view_options
@tells_errors
def command(run: str, reason: str, config: Path | None, as_json: bool) -> None:
    """Give up RUN (default: the one in progress, or the one unfinished), and bring back what ran before it.

    One in progress is asked to; if it does not answer within 10 seconds, its place is taken. Code 0: the old version is
    verified everywhere, or was never touched.
    """
    project, past = open_left(run, config)
    if past.run.request.action == "rollback":
        raise UsageError("a rollback is not aborted", next_step=f"hotfix-deploy-runner resume {past.run.id}")
    ending = asyncio.run(_give_up(project, past, reason, as_json))
    done = ending.code in (ExitCode.ROLLED_BACK, ExitCode.STOPPED)
    sys.exit(ExitCode.DONE if done else ending.code)


async def _give_up(project: Project, past: Past, reason: str, as_json: bool) -> Ending:
    asked = await _through_the_holder(project, past, reason, as_json)
    return asked or await _in_its_place(project, past.run.id, reason, as_json)


async def _in_its_place(project: Project, run: str, reason: str, as_json: bool) -> Ending:
    past = Past.of(project.store.events(run))
    with view(as_json, past.events) as shown:
        return await abort(project, past, [shown], request_for(project, "abort", reason))


async def _through_the_holder(project: Project, past: Past, reason: str, as_json: bool) -> Ending | None:
    """Ask the process that drives it, and follow it to its end. None: there is none, or it does not answer."""
    holder = await living_driver(project, past.run.request.target)
    if holder is None or holder.run != past.run.id:
        return None
    click.echo(f"Asked run {past.run.id} ({holder}) to abort.", err=True)
    request = await ask(project, holder, "abort", reason)
    with view(as_json) as shown:
        ended = await follow(project, holder, past.run, request, shown)
    return ended.ending if ended is not None else None
