"""`pause`, `continue` and `promote`: what a run in progress can be asked besides to turn back."""

import asyncio
from pathlib import Path

import click

from ..core.events import Verb
from ..errors import LockHeld, UsageError
from ..wiring.project import Project
from .failing import tells_errors
from .holder import ANSWER_WITHIN, ask, living_driver, taken_up
from .options import project_options
from .project import open_project

_DONE: dict[Verb, str] = {
    "pause": "is paused: no further batch begins, and it is watched on",
    "continue": "goes on",
    "promote": "goes on at once, past the gate or the window that is open",
}


def _steers(verb: Verb, about: str) -> click.Command:
    @click.command(verb, help=about, context_settings={"help_option_names": ["-h", "--help"]})
    @click.option("--target", default="production", show_default=True, envvar="HOTFIX_TARGET", help="The environment.")
    @click.option("--reason", default="", help="Why; it stands in the journal.")
    @project_options
    @tells_errors
    def command(target: str, reason: str, config: Path | None) -> None:
        asyncio.run(_steer(open_project(config), verb, target, reason))

    return command


async def _steer(project: Project, verb: Verb, target: str, reason: str) -> None:
    holder = await living_driver(project, target)
    if holder is None:
        raise UsageError(f"no run is in progress on {target}", next_step="hotfix-deploy-runner status")
    if not project.store.events(holder.run):
        raise UsageError(f"run {holder.run} has not begun yet", next_step="hotfix-deploy-runner status")
    request = await ask(project, holder, verb, reason)
    if not await taken_up(project, holder, request):
        raise LockHeld(
            f"run {holder.run} does not answer within {ANSWER_WITHIN:g} s",
            detail=str(holder),
            next_step=f"hotfix-deploy-runner abort {holder.run}",
        )
    click.echo(f"Run {holder.run} {_DONE[verb]}.")


pause = _steers("pause", "Hold the run in progress: no further batch begins, and a breach still rolls back.")
go_on = _steers("continue", "Let a paused run go on.")
promote = _steers(
    "promote",
    "Go on at once: the gate that is open passes, or the window ends now. What was not watched is not proven (code 6); "
    "a breach still rolls back.",
)
