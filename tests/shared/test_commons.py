"""The commons of the other tests, held to the same contract as the real ones."""

from functools import partial

import pytest
from tests.fakes.commons import FakeCommons, Shared
from tests.shared.contention import Make
from tests.shared.contract import CommonsContract


@pytest.fixture
def make_commons() -> Make:
    return partial(FakeCommons, Shared())


class TestFakeCommons(CommonsContract):
    # What is in memory is one process's: nobody contends for it from another.
    test_of_several_machines_that_want_a_lock_at_once_one_wins = None  # type: ignore[assignment]
