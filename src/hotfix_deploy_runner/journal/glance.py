"""A run at a glance, made from its events: what a journal keeps beside them, so that a listing reads no event."""

from collections.abc import Iterable

from ..core.events import AnyEvent, Resumed, RunEnded, RunStarted, StepStarted
from .rows import RunId, RunRow


def first_row(run: RunId, event: RunStarted) -> RunRow:
    """The row of a run that begins."""
    request, facts = event.request, event.facts
    return RunRow(
        run=run,
        action=request.kind,
        branch=request.branch,
        target=request.target,
        version=facts.version,
        old=facts.old.version,
        started_at=event.at,
        operator=request.operator,
    )


def row_after(row: RunRow, events: Iterable[AnyEvent]) -> RunRow:
    """The row once these have happened too. Its `last_seq` is left alone."""
    for event in events:
        match event:
            case RunEnded():
                ending = event.ending
                row = row._replace(ended_at=event.at, code=ending.code, summary=ending.summary)
            case StepStarted() | Resumed():
                row = row._replace(ended_at=None, code=None, summary="")
    return row
