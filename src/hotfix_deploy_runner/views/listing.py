"""The texts of `runs` and `status`. Imports no event, msgspec, asyncio, rich or pydantic: they answer at once."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from ..core.instant import Instant, spoken
from ..journal.rows import RunRow
from ..lock.local import Holder
from .columns import columns
from .results import result


class EnvironmentStatus(NamedTuple):
    """What is known of one environment. `instances` are lines on what its platforms run, none when none was asked."""

    environment: str
    holder: Holder | None = None
    last: RunRow | None = None
    instances: Sequence[str] = ()


def runs_text(rows: Sequence[RunRow]) -> str:
    """The table of `runs`, in the order given; times are UTC. Ends with a line end."""
    if not rows:
        return "No run yet.\n"
    head = ("RUN", "STARTED (UTC)", "ACTION", "TARGET", "WHAT", "RESULT", "TOOK")
    return _text(columns([head, *(_run_cells(row) for row in rows)]))


def status_text(environments: Sequence[EnvironmentStatus]) -> str:
    """The text of `status`: per environment who holds it, how its last run ended, what each instance runs."""
    if not environments:
        return "No environment is configured.\n"
    return "\n".join(_text(_environment(known)) for known in environments)


def _run_cells(row: RunRow) -> tuple[str, ...]:
    what = row.version if row.action != "deploy" else f"{row.branch} ({row.version})"
    took = "" if row.ended_at is None else spoken(row.ended_at - row.started_at)
    return (row.run, _when(row.started_at), row.action, row.target, what, _result(row), took)


def _result(row: RunRow) -> str:
    """The exit code with its meaning in words."""
    if row.code is None:
        return "not ended"
    return result(row.code)


def _when(at: Instant) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def _environment(known: EnvironmentStatus) -> Iterable[str]:
    yield f"{known.environment}: {_holding(known.holder)}"
    if known.last is None:
        yield "  Last run: none"
    else:
        yield f"  Last run: {known.last.run}, {_when(known.last.started_at)} UTC, {_outcome(known.last)}"
    if known.holder is not None and (known.holder.state == "suspended" or not known.holder.alive):
        yield f"  Next: hotfix-deploy-runner resume {known.holder.run}, or abort {known.holder.run}"
    yield from (f"  {line}" for line in known.instances)


def _holding(holder: Holder | None) -> str:
    if holder is None or holder.state == "free":
        return "free"
    gone = "" if holder.alive or holder.state != "held" else "; its process has ended"
    return f"{holder.state}, {holder}{gone}"


def _outcome(row: RunRow) -> str:
    return f"{_result(row)}: {row.summary}" if row.summary else _result(row)


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
