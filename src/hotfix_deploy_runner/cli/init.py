"""`init`: a first hotfix.toml, from what the repository shows."""

import asyncio
import os
from pathlib import Path

import click

from ..config.load import FILE, load
from ..core.check import Line, Status
from ..detect.compose import compose, lines
from ..detect.entries import entries
from ..detect.found import Found
from ..detect.look import look
from ..detect.tree import Tree
from ..doors.command import Commands
from ..doors.git.inspection import Inspection
from ..doors.redaction import Redactor
from ..doors.repository import find_repository
from ..errors import UsageError
from ..views.plain import text_of
from .failing import tells_errors


@click.command("init")
@click.option("--force", is_flag=True, help="Write it also where there is one already.")
@click.option("--print", "to_terminal", is_flag=True, help="Print the file, and write nothing.")
@tells_errors
def command(force: bool, to_terminal: bool) -> None:
    """Look at this repository and write a commented hotfix.toml: every guess says what it was taken from."""
    top = find_repository(Path.cwd()).top
    found = asyncio.run(_look(top))
    planned = entries(found)
    text = compose(found, planned)
    if to_terminal:
        click.echo(text, nl=False)
        return
    _write(top, text, force=force)
    click.echo("Detected:")
    _tell([*lines(found, planned), Line(Status.OK, f"Wrote {FILE}")])
    click.echo("\nRead it, fill in what is marked, then: hotfix-deploy-runner doctor")


async def _look(top: Path) -> Found:
    git = Inspection(top, Commands(Redactor.from_environment(os.environ)))
    remotes = await git.remotes()
    if remotes and "origin" not in remotes:
        git = Inspection(top, Commands(Redactor.from_environment(os.environ)), remote=remotes[0])
    return await asyncio.to_thread(
        look,
        Tree(top),
        tags=[*await git.tags()],
        branches=await git.branches(),
        remote_head=await git.remote_head(),
        remotes=remotes,
    )


def _write(top: Path, text: str, *, force: bool) -> None:
    """Write the file. Raises `UsageError` where there are settings already, unless forced."""
    path = top / FILE
    try:
        if not force and not path.exists() and (there := load(top).path):
            raise UsageError(
                f"{there.name} has settings already, and {FILE} would hide them",
                next_step="hotfix-deploy-runner init --print, to see what it would be",
            )
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(
            f"{FILE} is there already",
            next_step="hotfix-deploy-runner init --print, to see the new one; --force to replace it",
        ) from error
    except OSError as error:
        raise UsageError(f"{FILE} cannot be written", detail=str(error)) from error


def _tell(told: list[Line]) -> None:
    for line in told:
        for text in text_of(line):
            click.echo(text)
