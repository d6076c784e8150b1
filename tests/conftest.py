"""What holds for every test."""

import signal

import pytest

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
