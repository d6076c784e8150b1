"""Telling the world which endpoints take traffic."""

import asyncio
import time
from collections.abc import Callable

from msgspec.structs import replace

from ...doors.command import Commands
from ...errors import CommandFailed, PlatformFailed
from .fence import Fence
from .layout import Layout, Record, Serving, Stage, read_json, write_json
from .probe import endpoint

PUBLISH_LIMIT = 60.0


class Publisher:
    """Keeps `serving.json` true, and runs the `publish` command when it changes. It does not route anything itself.

    `alive` says whether a record's process runs.
    """

    def __init__(
        self, layout: Layout, fence: Fence, alive: Callable[[Record], bool], commands: Commands, command: str
    ) -> None:
        self._layout = layout
        self._fence = fence
        self._alive = alive
        self._commands = commands
        self._command = command
        self._turn = asyncio.Lock()

    async def update(self, fence: int) -> None:
        """Publish the endpoints of every live record in stage SERVING, unless that is what is published.

        Returns when the command has: from then on nothing new goes to an endpoint that left. Raises `PlatformFailed`
        when the command fails; it is run again by the next update.
        """
        async with self._turn:
            async with self._fence.effect(fence):
                serving = self._write()
            if serving.published:
                return
            if self._command:
                await self._run(serving)
            async with self._fence.effect(fence):
                write_json(self._layout.serving, replace(serving, published=True))

    def _write(self) -> Serving:
        """The list as it has to be, on disk; not yet published when it differs from what was."""
        records = self._layout.records()
        wanted = tuple(endpoint(r.port) for r in records if r.stage is Stage.SERVING and self._alive(r))
        known = read_json(self._layout.serving, Serving) or Serving()
        if known.endpoints == wanted:
            return known
        changed = Serving(wanted, time.time(), published=False)
        write_json(self._layout.serving, changed)
        return changed

    async def _run(self, serving: Serving) -> None:
        endpoints = " ".join(serving.endpoints)
        try:
            ended = await self._commands.run(
                self._command,
                cwd=self._layout.root,
                env={"HOTFIX_ENDPOINTS": endpoints},
                timeout=PUBLISH_LIMIT,
                log=self._layout.publish_log,
            )
        except CommandFailed as error:
            raise PlatformFailed(f"the publish command: {error.message}", detail=error.detail) from error
        if not ended.ok:
            how = f"ran longer than {PUBLISH_LIMIT:g} s" if ended.timed_out else f"exited with {ended.exit_code}"
            raise PlatformFailed(
                f"the publish command {how}: the endpoints may still be the earlier ones",
                detail="\n".join([*ended.tail, f"HOTFIX_ENDPOINTS={endpoints}"]),
                next_step=self._command,
            )
