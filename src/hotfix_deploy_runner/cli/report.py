"""`report`: a run's incident document, and what people have to say in it."""

from pathlib import Path
from typing import Any

import click
import msgspec

from ..errors import UsageError
from ..wiring.documents import NAMES, keep_notes, read_notes, write_document
from ..wiring.project import Project
from .failing import tells_errors
from .options import project_options
from .project import open_project

_NOTES = {
    "incident": "What was wrong, and how it was noticed.",
    "impact": "Who felt it, how much and how long.",
    "root_cause": "Why it could happen.",
    "lessons": "What is done so that it does not happen again.",
}


def _note_options(function: Any) -> Any:
    for name, about in reversed(_NOTES.items()):
        option = f"--{name.replace('_', '-')}"
        function = click.option(option, name, metavar="TEXT|@FILE", help=f"{about} Kept for every later report.")(
            function
        )
    return function


@click.command("report")
@click.argument("run", default="last")
@_note_options
@click.option("--format", "form", type=click.Choice(list(NAMES)), default="md", help="Which one to name or print.")
@click.option("--print", "to_terminal", is_flag=True, help="Print the document, and nothing else, on standard output.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for a copy of the document in all formats, with its charts.",
)
@project_options
@tells_errors
def command(
    run: str, form: str, to_terminal: bool, output: Path | None, config: Path | None, **given: str | None
) -> None:
    """Write the incident document of RUN (default: the last one) from the journal, and say where it is.

    It is written as Markdown, HTML and JSON, with its charts. Texts are plain, with paragraphs and lists ("- ");
    an empty one takes back what was given before.
    """
    project = open_project(config)
    found = project.store.find(run)
    try:
        _keep(project, found, given)
        path = write_document(project, found, copy=output).with_name(NAMES[form])
        if to_terminal:
            click.echo(path.read_text(encoding="utf-8"), nl=False)
    except OSError as error:
        raise UsageError(f"the document cannot be written: {error}") from error
    click.echo(f"Incident document: {path}", err=to_terminal)


def _keep(project: Project, run: str, given: dict[str, str | None]) -> None:
    """Keep the texts that were given beside those given earlier."""
    texts = {name: project.redact(_text(name, text)) for name, text in given.items() if text is not None}
    if texts:
        folder = project.home / "runs" / run
        keep_notes(folder, msgspec.structs.replace(read_notes(folder), **texts))


def _text(name: str, given: str) -> str:
    """The text itself, or what the file named behind an `@` holds."""
    if not given.startswith("@"):
        return given.encode("utf-8", "replace").decode("utf-8").strip()
    try:
        return Path(given[1:]).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        option = f"--{name.replace('_', '-')}"
        raise UsageError(f"{option}: {given[1:]} cannot be read", detail=str(error)) from error
