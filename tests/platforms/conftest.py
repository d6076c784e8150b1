"""Fixtures of the platforms' tests."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.platforms.process_place import Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Three processes, one port to spare; nothing of it is left afterwards."""
    made = Place(tmp_path)
    yield made
    asyncio.run(made.open().stop_all())


@pytest.fixture
def tight(tmp_path: Path) -> Iterator[Place]:
    """Three processes, no port to spare."""
    made = Place(tmp_path, spare=0)
    yield made
    asyncio.run(made.open().stop_all())


@pytest.fixture
def single(tmp_path: Path) -> Iterator[Place]:
    """One process, one port to spare."""
    made = Place(tmp_path, size=1)
    yield made
    asyncio.run(made.open().stop_all())
