"""One world for all cases of a worker: each leaves production as it was."""

from collections.abc import Iterator

import pytest
from tests.e2e.bad_input.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Built once; gone to the last process at the end."""
    made = World(tmp_path_factory.mktemp("bad-input"))
    try:
        made.build()
        yield made
    finally:
        made.close()
