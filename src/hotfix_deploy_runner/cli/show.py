"""`show`: a run told again."""

import sys
from pathlib import Path

import click

from ..doors.repository import find_repository
from ..journal.sqlite import SqliteStore
from ..views.json_lines import JsonLinesView
from ..views.plain import PlainView
from .failing import tells_errors
from .options import view_options


@click.command("show")
@click.argument("run", default="last")
@view_options
@tells_errors
def command(run: str, as_json: bool) -> None:
    """Tell RUN again from the journal: its id, the beginning of it, or nothing for the last one."""
    store = SqliteStore(find_repository(Path.cwd()).home / "journal.db", read_only=True)
    shown = JsonLinesView(sys.stdout) if as_json else PlainView(sys.stdout)
    for seq, event in store.events(store.find(run)):
        shown.event(seq, event)
    shown.close()
