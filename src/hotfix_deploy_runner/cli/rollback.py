"""`rollback`, which is also `rollback-deploy-auto`: bring an earlier version back."""

import asyncio
import contextlib
import sys
from pathlib import Path

import click

from ..core.ending import Ending, ExitCode
from ..core.facts import Request
from ..core.run import fold
from ..errors import HotfixError, LockHeld, UsageError
from ..wiring.bringing import bring_news_within
from ..wiring.launch import rollback
from ..wiring.project import Project
from ..wiring.sharing import BACK_WAITS
from .failing import tells_errors
from .holder import ask, follow, living_driver
from .options import project_options, view_options
from .project import open_project
from .viewing import ClosableView, view


@click.command("rollback", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", "version", metavar="TAG", default="", help="What to bring back.  [default: the last good one]"
)
@click.option("--target", default="production", show_default=True, envvar="HOTFIX_TARGET", help="The environment.")
@click.option("--reason", default="", help="Why; it stands in the journal.")
@click.option("--force", is_flag=True, help="Also a version that is not known to have been good there.")
@click.option("--yes", "-y", is_flag=True, help="Accepted for symmetry: a rollback never asks.")
@project_options
@view_options
@tells_errors
def command(version: str, target: str, reason: str, force: bool, yes: bool, config: Path | None, as_json: bool) -> None:
    """Bring every instance of an environment to an earlier version, and see that it is so. It never asks.

    While a run is in progress, from any terminal, that run is asked to roll back; if it does not answer within
    10 seconds, its place is taken.
    """
    project = open_project(config)
    reasons = {"rollback": reason} if reason else {}
    request = Request("rollback", target, "", version, project.operator, project.host, force, reasons)
    with view(as_json) as shown:
        ending = asyncio.run(_bring_back(project, request, shown))
    sys.exit(ending.code)


async def _bring_back(project: Project, request: Request, shown: ClosableView) -> Ending:
    asked = await _through_the_holder(project, request, shown)
    if asked is not None:
        return asked
    if not request.version and not project.team_is_silent:
        await _what_was_good(project)
    return await rollback(project, request, project.policy, [shown])


async def _what_was_good(project: Project) -> None:
    """The last good version may be known from another clone's runs. A rollback does not wait long for such news."""
    with contextlib.suppress(HotfixError, TimeoutError):
        await bring_news_within(project, BACK_WAITS)


async def _through_the_holder(project: Project, asked: Request, shown: ClosableView) -> Ending | None:
    """Ask the run in progress, and follow it to its end. None: there is none, or it does not answer."""
    target, version = asked.target, asked.version
    holder = await living_driver(project, target)
    if holder is None:
        return None
    events = project.store.events(holder.run)
    if not events:
        return None
    run = fold([event for _, event in events])
    if run.ending is not None or run.request.action != "deploy":
        return None
    if run.request.target != target:
        raise LockHeld(
            f"run {run.id} is in progress on {run.request.target}, and holds {target} for it",
            detail=str(holder),
            next_step=f"rollback-deploy-auto --target {run.request.target}, or wait for its end",
        )
    if version and version not in (run.facts.old.version, run.facts.way_back):
        raise UsageError(
            f"run {run.id} is in progress, and its way back is {run.facts.way_back}, not {version}",
            next_step=f"rollback-deploy-auto --version {run.facts.way_back} --target {target}; then the other",
        )
    request = await ask(project, holder, "rollback", asked.reasons.get("rollback", ""))
    click.echo(f"Asked run {run.id} ({holder}) to roll back.", err=True)
    ended = await follow(project, holder, run, request, shown)
    return None if ended is None else _as_asked(ended.ending)


def _as_asked(ending: Ending) -> Ending | None:
    """For who asked, a deploy that ended rolled back, or never came to production, is what was asked for.

    None for any other ending: the request came too late, or was not enough. Then the rollback is made from here.
    """
    done = ending.code in (ExitCode.ROLLED_BACK, ExitCode.STOPPED)
    return Ending(ExitCode.DONE, ending.summary, ending.production) if done else None
