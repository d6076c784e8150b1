"""`status`: who holds what. Without options it is answered by `standing` alone."""

from collections.abc import Sequence
from pathlib import Path

import click

from .failing import tells_errors
from .options import project_options
from .standing import standing


@click.command("status")
@click.option("--instances", is_flag=True, help="Also ask the platforms what runs (slower).")
@project_options
@tells_errors
def command(instances: bool, config: Path | None) -> None:
    """Say for each environment who holds it and how its last run ended."""
    click.echo(standing(_instances(config) if instances else {}), nl=False)


def _instances(config: Path | None) -> dict[str, Sequence[str]]:
    import asyncio

    from ..views.instances import instances_lines
    from .project import open_project

    project = open_project(config)

    async def look(environment: str) -> Sequence[str]:
        found = await project.discovery.fleets(environment)
        return tuple(instances_lines({one.name: one.fleet for one in found}))

    async def look_at_all() -> dict[str, Sequence[str]]:
        return {environment: await look(environment) for environment in project.settings.environments}

    return asyncio.run(look_at_all())
