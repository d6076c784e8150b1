"""`resume`: go on with a run that its process has left."""

import asyncio
import sys
from pathlib import Path

import click

from ..wiring.resume import resume
from .failing import tells_errors
from .options import project_options, view_options
from .taking_up import open_left
from .viewing import view


@click.command("resume", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("run", default="")
@click.option("--accept", is_flag=True, help="Go on although the settings or the program are not as they were.")
@click.option("--offline", is_flag=True, help="Under this machine's lock alone, while the remote does not answer.")
@click.option("--notify", multiple=True, help="A channel to tell: given again where it holds a secret.")
@project_options
@view_options
@tells_errors
def command(run: str, accept: bool, offline: bool, notify: tuple[str, ...], config: Path | None, as_json: bool) -> None:
    """Go on with RUN (default: the one unfinished run) from what is true now, to its end.

    What was under way when its process died is looked for before it is done again: no second tag, merge or release
    comes of it. Exit codes are those of the run.
    """
    project, past = open_left(run, config, notify)
    with view(as_json, past.events) as shown:
        ending = asyncio.run(resume(project, past, [shown], accept=accept, offline=offline, waits=_say))
    sys.exit(ending.code)


def _say(whom: str) -> None:
    click.echo(f"Waiting for a sign of life, else to take over: {whom}", err=True)
