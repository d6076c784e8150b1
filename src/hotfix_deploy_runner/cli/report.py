"""`report`: a run's incident document."""

from pathlib import Path

import click

from ..wiring.launch import write_document
from .failing import tells_errors
from .options import project_options
from .project import open_project


@click.command("report")
@click.argument("run", default="last")
@click.option("--print", "to_terminal", is_flag=True, help="Print the document as well.")
@project_options
@tells_errors
def command(run: str, to_terminal: bool, config: Path | None) -> None:
    """Write the incident document of RUN (default: the last one) from the journal, and say where it is."""
    project = open_project(config)
    path = write_document(project, project.store.find(run))
    if to_terminal:
        click.echo(path.read_text(encoding="utf-8"))
    click.echo(f"Incident document: {path}")
