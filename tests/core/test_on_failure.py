"""The table of consequences is whole, and says what the contract says."""

import pytest

from hotfix_deploy_runner.core.on_failure import CONSEQUENCES, consequence
from hotfix_deploy_runner.core.step import Course, Phase


def test_every_phase_has_a_consequence() -> None:
    assert set(CONSEQUENCES) == set(Phase)


@pytest.mark.parametrize(
    ("phase", "touched", "course"),
    [
        (Phase.PREFLIGHT, False, Course.FINISH),
        (Phase.STAGING, False, Course.FINISH),
        (Phase.PRODUCTION, False, Course.FINISH),
        (Phase.PRODUCTION, True, Course.BACK),
        (Phase.VALIDATION, True, Course.BACK),
        (Phase.ROLLBACK, True, Course.FINISH),
        (Phase.AFTERWARDS, True, None),
    ],
)
def test_where_a_failure_leads(phase: Phase, touched: bool, course: Course | None) -> None:
    assert consequence(phase, touched=touched).course is course


@pytest.mark.parametrize("phase", [Phase.PREFLIGHT, Phase.STAGING, Phase.ROLLBACK])
def test_what_goes_on_side_by_side_is_waited_for(phase: Phase) -> None:
    assert consequence(phase, touched=False).patient


def test_a_failed_rollout_waits_for_nothing() -> None:
    assert not consequence(Phase.PRODUCTION, touched=True).patient
