"""`status`: who holds what. Without options it is answered by `standing` alone."""

from pathlib import Path

import click

from .failing import tells_errors
from .options import project_options
from .standing import Fleets, standing


@click.command("status")
@click.option("--instances", is_flag=True, help="Also ask the platforms what runs (slower).")
@project_options
@tells_errors
def command(instances: bool, config: Path | None) -> None:
    """Say for each environment who holds it and how its last run ended."""
    click.echo(standing(_fleets(config) if instances else {}), nl=False)


def _fleets(config: Path | None) -> Fleets:
    import asyncio

    from .project import open_project

    project = open_project(config)

    async def look() -> Fleets:
        return {
            environment: {found.name: found.fleet for found in await project.discovery.fleets(environment)}
            for environment in project.settings.environments
        }

    return asyncio.run(look())
