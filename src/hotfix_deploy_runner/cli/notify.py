"""`notify --test`: whether the channels work, before they are needed."""

import asyncio
import sys
from pathlib import Path

import click

from ..core.check import Status
from ..core.ending import ExitCode
from ..views.plain import text_of
from ..wiring.rehearsal import rehearse
from .failing import tells_errors
from .options import project_options
from .project import open_project


@click.command("notify")
@click.option("--test", is_flag=True, required=True, help="Send a test message.")
@click.argument("channel", required=False)
@project_options
@tells_errors
def command(test: bool, channel: str | None, config: Path | None) -> None:
    """Send a test message to CHANNEL, a name or a notification URL, or to every channel that is configured.

    Exit codes: 0 all of them have taken it, 2 one has not, or is not configured.
    """
    project = open_project(config, {"notify": [channel]} if channel else None)
    lines = asyncio.run(rehearse(project, channel or ""))
    for line in lines:
        for text in text_of(line):
            click.echo(text)
    sys.exit(ExitCode.DONE if all(line.status is Status.OK for line in lines) else ExitCode.USAGE)
