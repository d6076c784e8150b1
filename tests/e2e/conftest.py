"""Worlds for whole runs; what they install is shared by all of them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.e2e.place import MakePlace, Place, processes_in
from tests.fakes.processes import wait_for

from hotfix_deploy_runner.demo.configuration import Metrics
from hotfix_deploy_runner.demo.layout import Layout
from hotfix_deploy_runner.demo.scenarios import scenario


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where environments are installed once: one directory for all workers, for installing is safe for two at once."""
    folder = tmp_path_factory.getbasetemp()
    shared = (folder.parent if folder.name.startswith("popen-") else folder) / "environments"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture
def place(tmp_path: Path, cache: Path) -> Iterator[MakePlace]:
    """Makes a world of a scenario, `good` unless told otherwise; it is gone after the test, to the last process."""
    made: list[Place] = []

    def make(name: str = "good", metrics: Metrics = "scrape") -> Place:
        folder = tmp_path / f"world-{len(made)}"
        folder.mkdir()
        made.append(Place(Layout(folder), scenario(name), cache, metrics))
        made[-1].build()
        return made[-1]

    yield make
    for world in made:
        world.close()
        wait_for(partial(_empty, world), "the world is empty")


def _empty(world: Place) -> bool:
    return not processes_in(world.layout.folder)
