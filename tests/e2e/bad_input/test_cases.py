"""Every bad input gets its message and its exit code, and production is what it was."""

import pytest
from tests.e2e.bad_input.case import Case, carry_out
from tests.e2e.bad_input.table import CASES
from tests.e2e.bad_input.world import World

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_clear_error_and_nothing_lost(case: Case, world: World) -> None:
    came = carry_out(case, world)
    assert came.line, f"nobody was told {case.message!r}:\n{came.told}"
    assert (came.code, came.after) == (case.code, case.after), came.told
