"""`first`: put a version where nothing runs yet."""

import asyncio
import sys
from pathlib import Path

import click

from ..core.facts import Request
from ..wiring.launch import first
from .failing import tells_errors
from .options import project_options, view_options
from .project import open_project
from .viewing import view


@click.command("first", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", "version", metavar="TAG", required=True, help="The tag of the version to put there.")
@click.option("--target", default="production", show_default=True, envvar="HOTFIX_TARGET", help="The environment.")
@project_options
@view_options
@tells_errors
def command(version: str, target: str, config: Path | None, as_json: bool) -> None:
    """Put a version on an environment where nothing runs yet, and see that it is so.

    It is built from its tag, brought to every instance at once, and verified. There is nothing to compare it with and
    nothing to go back to: no checks, no batches, no watch, no hooks. Where something runs, it is refused.
    """
    project = open_project(config)
    who = (project.operator, project.host)
    request = Request("rollback", target, "", version, *who, force=True, first=True)
    with view(as_json) as shown:
        ending = asyncio.run(first(project, request, project.policy, [shown]))
    sys.exit(ending.code)
