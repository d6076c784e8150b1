"""What holds for every test."""

import os
import signal

import pytest
from tests.fakes.postgres_server import database, postgres_server

__all__ = ["database", "postgres_server"]

# A shell that starts us in the background has SIGINT ignored, and children inherit that: Ctrl-C would do nothing.
signal.signal(signal.SIGINT, signal.default_int_handler)

WHOLE_RUNS = ("tests/e2e/", "tests/demo/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole runs under live traffic get a second try, and the report says so (`R`, `rerun`).

    On a machine that stalls, 7 % of slow requests can rightly be too little evidence. What is broken fails twice.
    """
    for item in items:
        if "slow" in item.keywords and item.nodeid.startswith(WHOLE_RUNS):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session", autouse=True)
def _worktrees_of_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Runs make their worktrees in the user's cache: not in that of who runs the tests."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
