"""`runs`: the list of runs, and the keeping of it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import click

from ..doors.repository import Repository, find_repository
from ..journal.file import JournalFile
from ..journal.rows import RunId, run_rows
from ..views.listing import runs_text
from .failing import tells_errors


@click.command("runs")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many, newest first.")
@click.option("--prune", is_flag=True, help="Forget old runs, with their logs and documents.")
@click.option(
    "--keep", type=click.IntRange(min=1), default=100, show_default=True, help="How many of each target --prune keeps."
)
@click.option("--salvage", is_flag=True, help="Save what can be read of a broken journal, into a new one.")
@tells_errors
def command(limit: int, prune: bool, keep: int, salvage: bool) -> None:
    """List the runs of this repository, newest first."""
    repository = find_repository(Path.cwd())
    path = repository.home / "journal.db"
    if salvage:
        _salvage(path)
    elif prune:
        _prune(repository, path, keep)
    else:
        click.echo(runs_text(run_rows(JournalFile(path, read_only=True), limit)), nl=False)


def _prune(repository: Repository, path: Path, keep: int) -> None:
    from ..journal.prune import prune

    file = JournalFile(path)
    gone = prune(file, keep, set(_held(repository)))
    file.close()
    for run in gone:
        shutil.rmtree(repository.home / "runs" / run, ignore_errors=True)
    click.echo(f"Forgotten: {len(gone)} runs." if len(gone) != 1 else "Forgotten: 1 run.")


def _held(repository: Repository) -> Iterator[RunId]:
    """The runs that a lock names."""
    from ..lock.local import LocalLocks

    locks = LocalLocks(repository.home / "locks")
    for file in (repository.home / "locks").glob("*.lock.json"):
        holder = locks.holder(file.name.removesuffix(".lock.json"))
        if holder is not None:
            yield holder.run


def _salvage(path: Path) -> None:
    from ..journal.integrity import damage
    from ..journal.salvage import salvage

    if not damage(path):
        click.echo("The journal is whole: nothing to save.")
        return
    result = salvage(path)
    events = sum(result.saved.values())
    click.echo(f"Saved: {len(result.saved)} runs with {events} events. The broken journal is now {result.aside}.")
    if result.lost:
        click.echo(f"Lost: {', '.join(result.lost)}")
