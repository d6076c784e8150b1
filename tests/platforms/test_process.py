"""The process platform, with real processes on this machine."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.platforms.process import ProcessPlatform, make_platform
from hotfix_deploy_runner.ports import Site
from tests.platforms.contract import Harness, PlatformContract
from tests.platforms.tiny_service import START, free_ports, pack


class Place(Harness):
    """A directory with a process platform; `settings` replace those of the table."""

    def __init__(self, directory: Path, *, size: int = 3, spare: int = 1, **settings: Any) -> None:
        self.size = size
        self.directory = directory
        self.ports = free_ports(size + spare)
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

    @property
    def root(self) -> Path:
        return self.directory / "state"

    def open(self, **settings: Any) -> ProcessPlatform:
        redact = Redactor(["hunter2-hunter2"])
        site = Site("staging", "web", self.root, self.directory / "artifacts", self.directory / "caches", redact)
        return make_platform({**self.settings, **settings}, site)

    def revision(self, version: str, *, good: bool = True) -> Revision:
        return pack(self.directory / "artifacts", version, "good" if good else "exits")

    def log_line(self, revision: Revision) -> str:
        return f"starting {revision.version}"

    async def moment(self, number: int) -> None:
        await asyncio.sleep(0.07 * number)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    asyncio.run(made.open().stop_all())


@pytest.mark.slow
class TestProcessPlatform(PlatformContract):
    @pytest.fixture
    def harness(self, place: Place) -> Harness:
        return place
