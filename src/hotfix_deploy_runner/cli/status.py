"""`status`: who holds what. Quick: neither the settings' model nor asyncio nor a platform is imported for it."""

from pathlib import Path

import click

from ..core.fleet import Fleet
from ..doors.repository import Repository, find_repository
from ..journal.sqlite import SqliteStore
from ..lock.local import LocalLocks
from ..views.listing import EnvironmentStatus, status_text
from .failing import tells_errors
from .options import project_options


@click.command("status")
@click.option("--instances", is_flag=True, help="Also ask the platforms what runs (slower).")
@project_options
@tells_errors
def command(instances: bool, config: Path | None) -> None:
    """Say for each environment who holds it and how its last run ended."""
    repository = find_repository(Path.cwd())
    store = SqliteStore(repository.home / "journal.db", read_only=True)
    rows = store.runs()
    locks = LocalLocks(repository.home / "locks")
    fleets = _fleets(config) if instances else {}
    names = dict.fromkeys([*fleets, *_locked(repository), *(row.target for row in rows)])
    known = [
        EnvironmentStatus(
            name, locks.holder(name), next((row for row in rows if row.target == name), None), fleets.get(name, {})
        )
        for name in names
    ]
    click.echo(status_text(known), nl=False)


def _locked(repository: Repository) -> list[str]:
    return sorted(path.name.removesuffix(".lock.json") for path in (repository.home / "locks").glob("*.lock.json"))


def _fleets(config: Path | None) -> dict[str, dict[str, Fleet]]:
    import asyncio

    from .project import open_project

    project = open_project(config)

    async def look() -> dict[str, dict[str, Fleet]]:
        return {
            environment: {found.name: found.fleet for found in await project.discovery.fleets(environment)}
            for environment in project.settings.environments
        }

    return asyncio.run(look())
