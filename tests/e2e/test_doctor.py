import pytest
from tests.e2e.place import MakePlace

pytestmark = pytest.mark.slow


def test_a_world_that_is_ready_for_a_run_lacks_nothing(place: MakePlace) -> None:
    world = place()
    done = world.run("hotfix-deploy-runner", "doctor")
    assert done.end() == 0, done.out + done.err
    assert "[FAIL]" not in done.out
    for line in (
        "  [OK] production.web: 3 processes on v2.14.3",
        "  [OK] Metrics: 3 of 3 instances are read",
        "  [OK] Journal is whole",
        "  [OK] Lock of production is free",
    ):
        assert line in done.lines
