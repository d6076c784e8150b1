"""What an instance is, from its record, its process and its answers. It changes nothing."""

import asyncio
import os
import time
from pathlib import Path

from msgspec.structs import replace

from ...core.fleet import Instance, Role, State
from ...core.instant import Seconds, spoken
from ...ports import Redact
from .layout import Layout, Record, Stage
from .liveness import Processes, describe_exit
from .probe import Probe, endpoint

LOG_LINES = 20
TAIL_BYTES = 32_768


class Observer:
    """Judges one record at a time. `start_limit` is how long a new process may be silent, in seconds."""

    def __init__(
        self, layout: Layout, processes: Processes, probe: Probe, start_limit: Seconds, redact: Redact
    ) -> None:
        self._layout = layout
        self._processes = processes
        self._probe = probe
        self._start_limit = start_limit
        self._redact = redact

    async def instances(self) -> tuple[Instance, ...]:
        """All that are not over, in the order of slots; those that were drained and are gone are not listed."""
        records = [self._found(record) for record in self._layout.records()]
        listed = [r for r in records if self._processes.alive(r.life) or role(r) is Role.SERVING]
        return tuple(await asyncio.gather(*(self.instance(record) for record in listed)))

    async def instance(self, record: Record) -> Instance:
        """`record` as an instance, asked now."""
        state, why = await self._state(record)
        return Instance(
            name=record.slot,
            incarnation=record.incarnation,
            revision=record.revision,
            state=state,
            role=role(record),
            endpoint=endpoint(record.port),
            why=why,
        )

    async def not_ready(self, record: Record) -> str:
        """Why `record` takes no requests; empty when it does."""
        if not self._processes.alive(record.life):
            return self.ending(record)
        return await self._probe.ask(record.port)

    def ended(self, record: Record) -> bool:
        """Whether its process does not run."""
        return not self._processes.alive(record.life)

    def ending(self, record: Record) -> str:
        """How a process that does not run any more came to its end."""
        if (code := self.exit_code(record)) is not None:
            return describe_exit(code)
        if record.life is None:
            return "was never started"
        if record.life.boot != self._processes.boot():
            return "not running since the machine restarted"
        return "not running, and nobody saw how it ended"

    def exit_code(self, record: Record) -> int | None:
        """What its wrapper wrote down; None while it runs, or when the wrapper was killed too."""
        try:
            return int(self._layout.exit(record).read_text())
        except (FileNotFoundError, ValueError):
            return None

    def explain(self, instance: Instance) -> str:
        """Its state in a line, then the last lines of its log, without secrets. Blocks on files only."""
        record = next((r for r in self._layout.history(instance.name) if r.incarnation == instance.incarnation), None)
        if record is None:
            return f"{instance.name}: nothing is known of {instance.incarnation} any more"
        lines = [f"{record.slot} ({record.revision.version}, port {record.port}): {self._summary(record)}"]
        if record.given_up and record.given_up != self.ending(record):
            lines.append(f"given up: {record.given_up}")
        log = self._layout.log(record)
        return self._redact("\n".join([*lines, *_tail(log), f"log: {log}"]))

    async def _state(self, record: Record) -> tuple[State, str]:
        if record.given_up:
            return State.FAILED, record.given_up
        why = await self.not_ready(record)
        if not why:
            return State.READY, ""
        if not self._processes.alive(record.life):
            return State.FAILED, self.ending(record)
        young = record.stage is Stage.STARTING and time.time() - record.begun <= self._start_limit
        return (State.STARTING if young else State.UNREACHABLE), why

    def _found(self, record: Record) -> Record:
        """With its process, where the one who started it was killed before it could write the pid down."""
        return record if record.life is not None else replace(record, life=self._processes.leader(record.incarnation))

    def _summary(self, record: Record) -> str:
        if record.life is not None and self._processes.alive(record.life):
            return f"process {record.life.pid}, up {spoken(time.time() - record.begun)}"
        return self.ending(record)


def _tail(log: Path) -> list[str]:
    """The last lines of a file that may be large."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            return file.read().decode("utf-8", "replace").splitlines()[-LOG_LINES:]
    except FileNotFoundError:
        return []


def role(record: Record) -> Role:
    """What a life is there for: serving until it is taken out of the list of endpoints."""
    return Role.DRAINING if record.stage in (Stage.DRAINING, Stage.STOPPING) else Role.SERVING
