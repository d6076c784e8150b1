"""`runs`: the list of runs."""

from pathlib import Path

import click

from ..doors.repository import find_repository
from ..journal.file import JournalFile
from ..journal.rows import run_rows
from ..views.listing import runs_text
from .failing import tells_errors


@click.command("runs")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many, newest first.")
@tells_errors
def command(limit: int) -> None:
    """List the runs of this repository, newest first."""
    journal = JournalFile(find_repository(Path.cwd()).home / "journal.db", read_only=True)
    click.echo(runs_text(run_rows(journal, limit)), nl=False)
