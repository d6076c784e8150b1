"""The incident document as files, and the notes that people give it."""

from pathlib import Path

import msgspec

from ..core.ending import Ending
from ..core.events import AnyEvent, RunEnded
from ..core.incident import Incident, incident, to_json
from ..core.notes import Notes
from ..errors import UsageError
from ..journal.sqlite import SqliteStore
from ..views.incident_document import document
from ..views.render_html import to_html
from ..views.render_markdown import to_markdown
from .project import Project

NAMES = {"md": "incident.md", "html": "incident.html", "json": "incident.json"}
"""The formats, each with its file."""

_NOTES = "notes.json"


def write_files(folder: Path, known: Incident) -> Path:
    """Write the document into `folder` in all formats, with its drawings. Returns the Markdown's path.

    Raises `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = document(known)
    for picture in made.pictures:
        (folder / picture.file).write_text(picture.svg, encoding="utf-8")
    (folder / NAMES["json"]).write_bytes(to_json(known))
    (folder / NAMES["html"]).write_text(to_html(made), encoding="utf-8")
    path = folder / NAMES["md"]
    path.write_text(to_markdown(made), encoding="utf-8")
    return path


def write_document(project: Project, run: str, so_far: Ending | None = None, copy: Path | None = None) -> Path:
    """Write a run's incident document from its journal and the notes that were given; into the folder `copy` as well.

    Returns the Markdown's path, the copy's where one was asked for. `so_far` is the run's ending where the journal
    does not have it yet.
    """
    store = SqliteStore(project.home / "journal.db")
    try:
        events: list[AnyEvent] = [event for _, event in store.events(run)]
    finally:
        store.close()
    if so_far is not None and not any(isinstance(event, RunEnded) for event in events):
        events.append(RunEnded(at=events[-1].at, ending=so_far))
    folder = project.home / "runs" / run
    document = incident(events, read_notes(folder))
    path = write_files(folder, document)
    return write_files(copy, document) if copy is not None else path


def read_notes(folder: Path) -> Notes:
    """The notes that were kept in `folder`; empty ones where there are none. Raises `UsageError` for a broken file."""
    path = folder / _NOTES
    try:
        return msgspec.json.decode(path.read_bytes(), type=Notes)
    except FileNotFoundError:
        return Notes()
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(
            f"the notes of the incident cannot be read: {path}", detail=str(error), next_step="mend it, or move it away"
        ) from error


def keep_notes(folder: Path, notes: Notes) -> None:
    """Keep `notes` in `folder`, whole or not at all, for every later document. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{_NOTES}.new"
    new.write_bytes(msgspec.json.format(msgspec.json.encode(notes), indent=2) + b"\n")
    new.replace(folder / _NOTES)
