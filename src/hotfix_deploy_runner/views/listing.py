"""The texts of `runs` and `status`. Imports no event, asyncio, rich or pydantic: these commands answer at once."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from ..core.fleet import Fleet, Instance
from ..core.instant import Instant, spoken
from ..journal.rows import RunRow
from ..lock.local import Holder
from .results import result


class EnvironmentStatus(msgspec.Struct, frozen=True):
    """What is known of one environment. `fleets` are its platforms' instances by name, empty when none was asked."""

    environment: str
    holder: Holder | None = None
    last: RunRow | None = None
    fleets: dict[str, Fleet] = {}


def runs_text(rows: Sequence[RunRow]) -> str:
    """The table of `runs`, in the order given; times are UTC. Ends with a line end."""
    if not rows:
        return "No run yet.\n"
    head = ("RUN", "STARTED (UTC)", "ACTION", "TARGET", "WHAT", "RESULT", "TOOK")
    return _table([head, *(_run_cells(row) for row in rows)])


def status_text(environments: Sequence[EnvironmentStatus]) -> str:
    """The text of `status`: per environment who holds it, how its last run ended, what each instance runs."""
    if not environments:
        return "No environment is configured.\n"
    return "\n".join("".join(f"{line}\n" for line in _environment(known)) for known in environments)


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
    for name, fleet in known.fleets.items():
        yield f"  {name}:" + ("" if fleet.instances else " nothing runs")
        cells = [_instance_cells(instance) for instance in fleet.instances]
        yield from (f"    {line}" for line in _table(cells).splitlines())


def _holding(holder: Holder | None) -> str:
    if holder is None or holder.state == "free":
        return "free"
    gone = "" if holder.alive or holder.state != "held" else "; its process has ended"
    return f"{holder.state}, {holder}{gone}"


def _outcome(row: RunRow) -> str:
    return f"{_result(row)}: {row.summary}" if row.summary else _result(row)


def _instance_cells(instance: Instance) -> tuple[str, ...]:
    role = "" if instance.role.value == "serving" else f"({instance.role.value})"
    return (instance.name, instance.revision.version, instance.state.value, role, instance.why)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, two blanks apart, no blanks at a line's end."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)
