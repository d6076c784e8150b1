"""What is said to the tables: of runs, events and requests. Each is one statement, or part of a transaction."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from ...core.events import AnyEvent, RequestReceived, RunStarted, from_json, to_json
from ...doors.postgres.talk import Talk, asking
from ...errors import JournalBroken
from ..glance import first_row, row_after
from ..rows import RunId, RunRow
from ..store import InboxRequest


def hold_run(run: RunId, first: AnyEvent | None) -> Talk[RunRow | None]:
    """Keep others from writing to the run until the transaction ends. Begins it where `first` is its start.

    None: it is not known, and does not begin.
    """
    if isinstance(first, RunStarted):
        row = first_row(run, first)
        yield (
            "INSERT INTO hotfix_runs (run, started_at, glance) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (run, row.started_at, _glance(row)),
        )
    rows = yield from asking("SELECT glance, last_seq FROM hotfix_runs WHERE run = %s FOR UPDATE", run)
    return _row(*rows[0]) if rows else None


def write(row: RunRow, events: Sequence[AnyEvent]) -> Talk[None]:
    """Write `events` behind the last of the run, which is held; what they answer is out of its inbox."""
    seqs = list(range(row.last_seq + 1, row.last_seq + 1 + len(events)))
    texts = [to_json(event).decode() for event in events]
    yield (
        "INSERT INTO hotfix_events SELECT %s, * FROM unnest(%s::bigint[], %s::text[])",
        (row.run, seqs, texts),
    )
    yield (
        "UPDATE hotfix_runs SET last_seq = %s, glance = %s WHERE run = %s",
        (row.last_seq + len(events), _glance(row_after(row, events)), row.run),
    )
    yield from receive(row.run, [event.request for event in events if isinstance(event, RequestReceived)])


def events(run: RunId, after: int = 0, upto: int | None = None) -> Talk[list[tuple[int, AnyEvent]]]:
    """The run's events behind number `after`, in order, up to number `upto` or all. Raises `JournalBroken`."""
    sql = "SELECT seq, event FROM hotfix_events WHERE run = %s AND seq > %s AND seq <= coalesce(%s, seq) ORDER BY seq"
    return [(seq, _event(run, seq, text)) for seq, text in (yield from asking(sql, run, after, upto))]


def runs(limit: int | None = None) -> Talk[list[RunRow]]:
    """The newest `limit` runs, newest first; all of them with None."""
    sql = "SELECT glance, last_seq FROM hotfix_runs ORDER BY started_at DESC, number DESC LIMIT %s"
    return [_row(*row) for row in (yield from asking(sql, limit))]


def ask(run: RunId, request: InboxRequest) -> Talk[object]:
    """Put it into the run's inbox, known there or not. Asked twice, also after it was received, it is asked once."""
    return asking(
        "INSERT INTO hotfix_requests (id, run, request) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        request.id,
        run,
        msgspec.json.encode(request).decode(),
    )


def requests(run: RunId) -> Talk[list[InboxRequest]]:
    """What was asked of the run and not received, in the order of asking."""
    sql = "SELECT request FROM hotfix_requests WHERE run = %s AND NOT received ORDER BY number"
    return [msgspec.json.decode(text, type=InboxRequest) for (text,) in (yield from asking(sql, run))]


def receive(run: RunId, identities: Collection[str]) -> Talk[None]:
    """Take these requests out of the run's inbox."""
    if identities:
        yield "UPDATE hotfix_requests SET received = TRUE WHERE run = %s AND id = ANY(%s)", (run, list(identities))


def _event(run: RunId, seq: int, text: str) -> AnyEvent:
    try:
        return from_json(text)
    except msgspec.DecodeError as error:
        raise JournalBroken(f"event {seq} of run {run} cannot be read", detail=str(error)) from error


def _row(glance: str, last_seq: int) -> RunRow:
    told = msgspec.json.decode(glance, type=dict[str, Any])
    known = {name: told[name] for name in RunRow._fields if name in told}
    return RunRow(**{**known, "last_seq": last_seq})


def _glance(row: RunRow) -> str:
    return msgspec.json.encode(row._asdict()).decode()
