"""A place for tests of the process platform: a directory, ports, a tiny service."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.platforms.contract import Harness
from tests.platforms.tiny_service import START, free_ports, pack

from hotfix_deploy_runner.core.fleet import Fleet, Instance
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.platforms.process import ProcessPlatform, make_platform
from hotfix_deploy_runner.platforms.process.layout import Layout, Record, Serving, read_json
from hotfix_deploy_runner.ports import Move, Site

SECRET = "hunter2-hunter2"


class Place(Harness):
    """A directory with a process platform; `settings` replace those of the table."""

    def __init__(self, directory: Path, *, size: int = 3, spare: int = 1, **settings: Any) -> None:
        self.size = size
        self.directory = directory
        self.ports = free_ports(size + spare)
        self.layout = Layout(directory / "state")
        self.settings: dict[str, Any] = {
            "instances": size,
            "ports": self.ports,
            "start": START,
            "ready": "/readyz",
            "drain": "50ms",
            "grace": "5s",
            "start_limit": "10s",
            **settings,
        }

    def open(self, **settings: Any) -> ProcessPlatform:
        redact = Redactor([SECRET])
        artifacts, caches = self.directory / "artifacts", self.directory / "caches"
        site = Site("staging", "web", self.layout.root, artifacts, caches, redact)
        return make_platform({**self.settings, **settings}, site)

    def revision(self, version: str, *, good: bool = True) -> Revision:
        return self.packed(version, "good" if good else "exits")

    def packed(self, version: str, mode: str) -> Revision:
        return pack(self.directory / "artifacts", version, mode)

    def log_line(self, revision: Revision) -> str:
        return f"starting {revision.version}"

    async def moment(self, number: int) -> None:
        await asyncio.sleep(0.07 * number)

    async def moving(self, mode: str = "good") -> tuple[ProcessPlatform, Move]:
        """An old version everywhere, prepared to move to a new one that behaves as `mode` says."""
        old = await self.running()
        platform, move = self.open(), Move(self.packed("v1.0.1", mode), old, 2)
        await platform.prepare(move)
        return platform, move

    @property
    def endpoints(self) -> tuple[str, ...]:
        """What `serving.json` says."""
        return (read_json(self.layout.serving, Serving) or Serving()).endpoints

    def record(self, instance: Instance) -> Record:
        """The record of one instance."""
        return next(r for r in self.layout.history(instance.name) if r.incarnation == instance.incarnation)

    def pid(self, instance: Instance) -> int:
        """The pid of its wrapper."""
        life = self.record(instance).life
        assert life is not None
        return life.pid


async def until(condition: Callable[[Fleet], bool], platform: ProcessPlatform, limit: float = 10.0) -> Fleet:
    """The first fleet for which `condition` holds."""
    deadline = time.monotonic() + limit
    while not condition(fleet := await platform.fleet()):
        assert time.monotonic() < deadline, fleet
        await asyncio.sleep(0.02)
    return fleet
