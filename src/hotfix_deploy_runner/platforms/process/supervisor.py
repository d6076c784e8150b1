"""Starting and ending the instances' processes, each effect under the fence and written down."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Mapping

from msgspec.structs import replace

from ...core.instant import Seconds
from ...core.pacing import pause
from ...core.revision import Revision
from ...errors import PlatformFailed
from .fence import Fence
from .layout import Layout, Record, Stage, new_incarnation
from .liveness import MARK, Processes
from .releases import Release
from .spawn import spawn

UNKILLABLE: Seconds = 10.0
"""How long a process may take to be gone after KILL: only the kernel can hold it (uninterruptible sleep)."""


class Supervisor:
    """Knows how an instance begins and ends; not which ones there should be.

    `base` is what every instance inherits of our environment, `extra` what the configuration adds; `start` is the
    shell line; `grace` the time from TERM to KILL, in seconds.
    """

    def __init__(
        self,
        layout: Layout,
        processes: Processes,
        fence: Fence,
        *,
        start: str,
        base: Mapping[str, str],
        extra: Mapping[str, str],
        grace: Seconds,
    ) -> None:
        self._layout = layout
        self._processes = processes
        self._fence = fence
        self._start = start
        self._env = {**_inheritable(base), **extra}
        self._grace = grace

    def alive(self, record: Record) -> bool:
        """Whether its process runs: exactly that one, not another with its pid."""
        return self._processes.alive(record.life)

    def present(self, record: Record) -> bool:
        """Whether any process of it runs, also one whose wrapper is gone."""
        return self.alive(record) or bool(self._processes.members(record))

    def begin(self, slot: str, revision: Revision, release: Release, port: int) -> Record:
        """Start a new life in `slot`. To be called inside `Fence.effect`; it awaits nothing.

        The intent is on disk before the process is started, and its pid right after. Raises `PlatformFailed`.
        """
        intent = Record(slot, new_incarnation(), revision, port, begun=time.time())
        record = self._layout.write(intent)
        try:
            pid = spawn(
                self._start,
                tree=release.tree,
                log=self._layout.log(record),
                exit_file=self._layout.exit(record),
                env=self._environment(record, release),
            )
        except OSError as error:
            self._layout.write(replace(record, stage=Stage.OVER))
            raise PlatformFailed(f"{slot} cannot be started: {error}", detail=self._start) from error
        return self._layout.write(replace(record, life=self._processes.life(pid)))

    def mend(self) -> None:
        """Complete the records of lives whose starter was killed between intent and pid; inside `Fence.effect`.

        Their process is found by its mark. Where there is none, it was never started.
        """
        for record in self._layout.records():
            if record.life is None:
                life = self._processes.leader(record.incarnation)
                stage = record.stage if life is not None else Stage.OVER
                self._layout.write(replace(record, life=life, stage=stage))

    async def stop(self, record: Record, fence: int, *, stage: Stage = Stage.STOPPING) -> Record:
        """End every process of `record`: TERM to its group, after the grace KILL to whatever is left of it.

        `stage` is what it is while it ends. Raises `PlatformFailed` when the kernel does not let go of it.
        """
        async with self._fence.effect(fence):
            record = self._layout.write(replace(record, stage=stage))
            self._signal(record, signal.SIGTERM)
        if await self._gone(record, self._grace):
            return record
        async with self._fence.effect(fence):
            self._signal(record, signal.SIGKILL)
        if not await self._gone(record, UNKILLABLE):
            pids = ", ".join(map(str, self._processes.members(record)))
            raise PlatformFailed(f"{record.slot} does not end after KILL", detail=f"processes {pids}")
        return record

    async def _gone(self, record: Record, patience: Seconds) -> bool:
        """Whether no process of `record` is left within `patience` seconds."""
        begun = time.monotonic()
        while await asyncio.to_thread(self.present, record):
            waited = time.monotonic() - begun
            if waited > patience:
                return False
            await asyncio.sleep(pause(waited))
        return True

    def _signal(self, record: Record, number: signal.Signals) -> None:
        for pid in self._processes.members(record):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    def _environment(self, record: Record, release: Release) -> dict[str, str]:
        return {
            **self._env,
            "PORT": str(record.port),
            "HOTFIX_VERSION": record.revision.version,
            "HOTFIX_INSTANCE": record.slot,
            "HOTFIX_ENV": str(release.environment),
            MARK: record.incarnation,
        }


def _inheritable(environ: Mapping[str, str]) -> dict[str, str]:
    """Our own environment without what is the runner's: its settings and its channel's secrets."""
    return {name: value for name, value in environ.items() if not name.startswith(("HOTFIX_", "SLACK_"))}
