"""`hotfix-deploy-runner --branch … --target …`: the run itself."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import click

from ..wiring.launch import deploy
from .consent import ask
from .failing import tells_errors
from .options import run_options, view_options
from .project import deploy_request, open_project, overrides
from .viewing import view


@click.command("deploy", context_settings={"help_option_names": ["-h", "--help"]})
@run_options
@view_options
@click.option("--yes", "-y", is_flag=True, help="Do not ask. Needed where there is no terminal.")
@tells_errors
def command(branch: str, reason: str, config: Path | None, as_json: bool, yes: bool, **given: Any) -> None:
    """Take BRANCH, cut from the version that production runs, to staging and then to production.

    It is checked, proven on staging, tagged, rolled out in batches, watched, rolled back by itself if need be, merged
    back and written down. Exit codes: 0 done, 2 usage, 3 stopped before production, 4 rolled back, 5 needs a human,
    6 live but unproven or unfinished, 7 another run holds the environment.
    """
    project = open_project(config, overrides(given))
    request = deploy_request(project, branch, reason, given)
    with view(as_json) as shown:
        ending = asyncio.run(deploy(project, request, project.policy, lambda started: ask(started, yes=yes), [shown]))
    sys.exit(ending.code)
