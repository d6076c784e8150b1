"""`plan`: what a deploy would do."""

import asyncio
from pathlib import Path
from typing import Any

import click

from ..wiring.launch import planned_deploy
from .consent import plan_lines
from .failing import tells_errors
from .options import run_options
from .project import deploy_request, open_project, overrides


@click.command("plan")
@run_options
@tells_errors
def command(branch: str, reason: str, config: Path | None, **given: Any) -> None:
    """Show what a deploy of BRANCH would do. It looks, fetches from the remote, and changes nothing else."""
    project = open_project(config, overrides(given))
    request = deploy_request(project, branch, reason, given)
    started = asyncio.run(planned_deploy(project, request, project.policy, "plan", 0))
    for line in plan_lines(started):
        click.echo(line)
    click.echo("\nSteps, in the order in which they are told:")
    for step in started.steps:
        after = f"  after {', '.join(sorted(step.waits_for))}" if step.waits_for else ""
        click.echo(f"  {step.phase.value:<24} {step.id:<28}{after}")
