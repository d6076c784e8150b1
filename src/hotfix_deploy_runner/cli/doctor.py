"""`doctor`: what is missing for a run, and how to get it."""

import asyncio
import os
import sys
from pathlib import Path

import click

from ..config.load import Loaded, load
from ..config.model import Settings
from ..core.check import Status, worst
from ..doctor.examine import Examination
from ..doors.redaction import Redactor
from ..doors.repository import find_repository
from ..errors import UsageError
from ..views.narration import Heading, Piece
from ..views.plain import text_of
from .failing import tells_errors
from .options import project_options


@click.command("doctor")
@project_options
@tells_errors
def command(config: Path | None) -> None:
    """Say what is missing for a run, and how to get it. It changes nothing but a ref that it makes on the remote and
    removes again; it ends with 2 when something FAILs."""
    repository = find_repository(Path.cwd())
    wrong: UsageError | None = None
    try:
        loaded = load(repository.top, config, environ=os.environ)
    except UsageError as error:
        loaded, wrong = Loaded(Settings(), None), error
    redact = Redactor.from_environment(os.environ)
    status = asyncio.run(_tell(Examination(repository, redact, loaded, wrong=wrong)))
    sys.exit(2 if status is Status.FAIL else 0)


async def _tell(examination: Examination) -> Status:
    """Print each part as it is known. Returns the worst that was found."""
    found: list[Status] = []
    async for heading, lines in examination.parts():
        pieces: list[Piece] = [Heading(heading), *lines]
        for text in (text for piece in pieces for text in text_of(piece)):
            click.echo(text)
        found += [line.status for line in lines]
    return worst(found)
