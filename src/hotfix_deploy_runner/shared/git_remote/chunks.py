"""A run's events as files of a commit: one a push, a line an event, named by the numbers of their first and last."""

from collections.abc import Sequence

import msgspec

from ...core.events import from_json, to_json
from ...errors import JournalBroken
from ..commons import Numbered

FOLDER = "events"


def chunk(events: Sequence[Numbered]) -> dict[str, bytes]:
    """The file that holds `events`, which follow one another; none without events."""
    if not events:
        return {}
    name = f"{FOLDER}/{events[0].seq:08d}-{events[-1].seq:08d}.jsonl"
    return {name: b"".join(to_json(one.event) + b"\n" for one in events)}


def numbered(lines: Sequence[str], run: str) -> list[Numbered]:
    """All events of a run from the lines of its files in order. Raises `JournalBroken` for one that makes no sense."""
    events = []
    for seq, line in enumerate((line for line in lines if line), start=1):
        try:
            events.append(Numbered(seq, from_json(line)))
        except msgspec.DecodeError as error:
            raise JournalBroken(f"event {seq} of run {run} cannot be read", detail=str(error)) from error
    return events
