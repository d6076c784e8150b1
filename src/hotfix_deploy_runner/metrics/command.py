"""Metrics from a script of the team's own, that prints raw counters as JSON.

On its standard input the script finds one JSON object:

    {"instances": [{"name": "web-1", "incarnation": "…", "version": "v2.14.4", "state": "ready",
                    "endpoint": "http://10.0.0.1:80"}],
     "at": 1763870000.0, "state": …}

`instances` are those that serve now; an incarnation is one life of an instance, `endpoint` may be null. `at` is when it
was last asked (seconds since 1970), and `state` what it printed under that name then; both are null at first.
It prints one JSON object:

    {"instances": [{"name": "web-1", "incarnation": "…", "requests": 120, "errors": 3,
                    "buckets": {"0.1": 100, "0.5": 118, "+Inf": 120}, "silent": "",
                    "more": {"logins": {"total": 120, "bad": 3}, "routes": {"/pay": {"total": 9, "bad": 0}}}}],
     "state": …}

`requests` and `errors` are totals since the instance's birth, which only grow: they are differenced here, and a total
that falls is taken for a reset. `buckets` are the requests at or under each latency in seconds, cumulated as
Prometheus' are; they may be left out. `incarnation` may be left out where a name has one life only. An instance that
is left out, or has a reason under `silent`, gave no reading. `more` has the metrics of `[metrics.more.NAME]`: one that
is divided (`by`) has its counts by the values of the label. One that is left out is not known, which is not zero.
Other keys are passed over.
"""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from pydantic import Field

from ..core.baseline import Tally
from ..core.check import Line, Status
from ..core.fleet import Fleet, Instance
from ..core.instant import Instant, Seconds
from ..core.reading import Cursor, Reading
from ..doors.command import Commands, Finished
from ..doors.programs import is_missing
from ..errors import CommandFailed, NoReading, UsageError
from ..ports import Settings, Workplace
from ..settings import Duration, FurtherTable, Name, Table, read_table, reads
from .counters import Counters, Edge
from .ledger import Life, life, settle
from .portions import Portion, Portions, shown

_Count = Annotated[int, msgspec.Meta(ge=0)]


class CommandSettings(Table):
    """The `[metrics]` table of `source = "command"`: a script that prints raw counters by instance as JSON. It is told
    the instances that serve on its standard input. The help of `hotfix_deploy_runner.metrics.command` has both forms.
    """

    command: str = Field("", description="Run in the top of the repository, once a reading.")
    timeout: Duration = Field(10.0, description="How long it may take.", gt=0)
    more: dict[Name, FurtherTable] = Field({}, description="Further metrics of the service, by name.")


class _Told(msgspec.Struct, frozen=True):
    """What the script says of one instance."""

    name: str
    incarnation: str | None = None
    requests: _Count = 0
    errors: _Count = 0
    buckets: dict[str, _Count] = {}
    silent: str = ""
    more: dict[str, Any] = {}


class _Counted(msgspec.Struct, frozen=True):
    total: _Count
    bad: _Count


class _Printed(msgspec.Struct, frozen=True):
    instances: tuple[_Told, ...]
    state: Any = None


@reads(CommandSettings)
def make_source(settings: Settings, workplace: Workplace) -> "CommandSource":
    """The factory of the entry point `command`. Raises `UsageError` for wrong settings."""
    table = read_table(CommandSettings, settings, "metrics")
    if not table.command.strip():
        raise UsageError("metrics.command: is needed", next_step='such as command = "./ops/counters"')
    commands = Commands(workplace.redact, children=workplace.children)
    further = [Portion(name, (), by=one.by, most=one.parts) for name, one in table.more.items()]
    return CommandSource(commands, table.command, workplace.repository, table.timeout, workplace.clock, further)


class CommandSource:
    """Runs the script at each reading. `ledger.settle` says how instances come and go."""

    def __init__(
        self,
        commands: Commands,
        command: str,
        where: Path,
        timeout: Seconds,
        clock: Callable[[], Instant],
        further: Sequence[Portion] = (),
    ) -> None:
        self._further = further
        self._commands, self._command, self._where, self._timeout, self._clock = (
            commands,
            command,
            where,
            timeout,
            clock,
        )

    async def read(self, fleet: Fleet, cursor: Cursor | None) -> tuple[Reading, Cursor]:
        """The increments since `cursor`; without one, an empty reading to start from. Raises `NoReading`."""
        now = max(self._clock(), cursor.at if cursor else 0.0)
        printed = await self._printed(_question(fleet, cursor))
        answers = {life(instance): _answer(instance, printed, self._further) for instance in fleet.serving}
        reading, after = settle(fleet, cursor, now, answers, self._further)
        return reading, Cursor(after.at, {**after.state, "script": printed.state})

    async def examine(self) -> Sequence[Line]:
        """Whether the script's program is there."""
        if program := is_missing(self._command):
            return [Line(Status.FAIL, f"Metrics: {program} is not there", ("install it, or change metrics.command",))]
        return []

    async def _printed(self, question: str) -> _Printed:
        try:
            done = await self._commands.run(
                self._command, cwd=self._where, timeout=self._timeout, capture=True, given=question.encode()
            )
        except CommandFailed as error:
            raise NoReading(f"the metrics command: {error.message}", detail=error.detail) from error
        if not done.ok:
            raise self._failed(done)
        try:
            raw = msgspec.json.decode(done.output)
        except msgspec.DecodeError as error:
            begins = f"it begins {done.output[:60]!r}" if done.output.strip() else "it is empty"
            raise NoReading(f"the metrics command printed no JSON: {begins}", detail=str(error)) from error
        try:
            return msgspec.convert(raw, _Printed)
        except msgspec.ValidationError as error:
            raise NoReading(f"the metrics command printed JSON of another shape: {error}") from error

    def _failed(self, done: Finished) -> NoReading:
        how = f"took longer than {self._timeout:g} s" if done.timed_out else f"ended with {done.exit_code}"
        last = f": {done.tail[-1][:200]}" if done.tail else ""
        return NoReading(f"the metrics command {how}{last}", detail="\n".join(done.tail))


def _question(fleet: Fleet, cursor: Cursor | None) -> str:
    instances = [
        {
            "name": one.name,
            "incarnation": one.incarnation,
            "version": one.revision.version,
            "state": str(one.state),
            "endpoint": one.endpoint,
        }
        for one in fleet.serving
    ]
    before = {"at": cursor.at, "state": cursor.state.get("script")} if cursor else {"at": None, "state": None}
    return json.dumps({"instances": instances, **before})


def _answer(instance: Instance, printed: _Printed, further: Sequence[Portion]) -> Counters | str:
    """The instance's totals, or why there are none."""
    own = [one for one in printed.instances if _is_of(one, life(instance))]
    if not own:
        return "the metrics command says nothing of it"
    told = own[0]
    if len(own) > 1:
        return "the metrics command names it twice"
    if told.silent:
        return told.silent[:200]
    if told.errors > told.requests:
        return f"the metrics command counts {told.errors} errors in {told.requests} requests"
    try:
        counted, unread = _portions(told.more, further)
        return Counters(told.requests, told.errors, _buckets(told.buckets), counted, unread)
    except ValueError as error:
        return f"the metrics command: {error}"


def _portions(more: dict[str, Any], further: Sequence[Portion]) -> tuple[dict[str, Portions], dict[str, str]]:
    """The further metrics that it counts, and of the others why there is no count."""
    counted: dict[str, Portions] = {}
    unread: dict[str, str] = {}
    for one in further:
        if one.name not in more:
            unread[one.name] = "the metrics command says nothing of it"
            continue
        try:
            told = msgspec.convert(more[one.name] if one.by else {"": more[one.name]}, dict[str, _Counted])
        except msgspec.ValidationError as error:
            unread[one.name] = f"the metrics command counts it in another shape: {error}"
            continue
        if any(count.bad > count.total for count in told.values()):
            unread[one.name] = "the metrics command counts more bad ones than there are"
        else:
            counted[one.name] = {shown(value): Tally(count.total, count.bad) for value, count in told.items()}
    return counted, unread


def _is_of(told: _Told, whose: Life) -> bool:
    return told.name == whose[0] and told.incarnation in (None, whose[1])


def _buckets(cumulated: dict[str, int]) -> tuple[tuple[Edge, int], ...]:
    """Requests per bucket, by ascending edge. Raises `ValueError` for edges that are no numbers, and a fall."""
    by_edge = sorted((float(edge), count) for edge, count in cumulated.items())
    counts: list[tuple[Edge, int]] = []
    below = 0
    for edge, count in by_edge:
        if math.isnan(edge) or count < below:
            raise ValueError("its buckets do not ascend")
        counts.append((None if math.isinf(edge) else edge, count - below))
        below = count
    return tuple(counts)
