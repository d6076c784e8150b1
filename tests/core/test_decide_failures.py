"""A step that fails, in any phase: the code of the table, and never a mixed fleet that is not said to be one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.lives import AHEAD, BACK, BADLY, FEW, TAPES, TWO, code, lived
from tests.fakes.scenes import beginning
from tests.fakes.world import Trouble, World

from hotfix_deploy_runner.core.decide import decide
from hotfix_deploy_runner.core.events import CourseChanged, StepEnded, StepStarted
from hotfix_deploy_runner.core.plan import WATCH
from hotfix_deploy_runner.core.run import Run, apply, fold
from hotfix_deploy_runner.core.step import Course, Ended, Phase, StepId

CODES = {Phase.PREFLIGHT: 3, Phase.STAGING: 3, Phase.PRODUCTION: 3, Phase.AFTERWARDS: 6}


@pytest.mark.slow
@pytest.mark.parametrize("step", AHEAD)
@FEW
@given(tape=TAPES, badly=BADLY, silently=st.booleans())
def test_a_step_that_fails_ends_with_the_code_of_the_table_and_one_version(
    step: StepId, tape: list[int], badly: Ended, silently: bool
) -> None:
    world = lived(World(beginning(TWO), tape, Trouble(frozenset({step}), badly, silently)))
    expected = 4 if step.startswith("batch:") else CODES[world.run.steps[step].step.phase]
    assert code(world) == expected
    assert world.versions == ({"new"} if expected == 6 else {"old"})


@pytest.mark.slow
@pytest.mark.parametrize("step", BACK)
@FEW
@given(tape=TAPES, badly=BADLY, silently=st.booleans())
def test_only_a_restore_that_fails_makes_a_rollback_incomplete(
    step: StepId, tape: list[int], badly: Ended, silently: bool
) -> None:
    """What could not be observed is restored all the same; a mark that git refuses is no half rollback."""
    trouble = Trouble(frozenset({step, "batch:production/workers:2"}), badly, silently)
    world = lived(World(beginning(TWO), tape, trouble))
    assert code(world) == (5 if step.startswith("restore:") else 4)
    assert world.versions == {"old"} or code(world) == 5


@pytest.mark.parametrize(("step", "expected"), [("artifact", 3), ("turn:production/api", 5), ("mark", 0)])
def test_an_asked_rollback_is_done_when_every_platform_has_turned(step: StepId, expected: int) -> None:
    world = lived(World(beginning(TWO, action="rollback"), trouble=Trouble(fails=frozenset({step}))))
    assert code(world) == expected
    assert (world.versions == {"new"}) == (expected == 0)


def test_the_watch_breaking_down_is_a_failure_of_its_phase() -> None:
    """Unwatched, production is not changed; once changed, it goes back."""
    start = beginning(TWO)
    run = fold([start, StepStarted(at=1001, step=WATCH), StepEnded(at=1002, step=WATCH, ended=Ended.FAILED)])
    assert turned(run) is Course.FINISH
    batch = "batch:production/api:1"
    run = apply(run, StepStarted(at=1003, step=batch))
    assert turned(run) is Course.BACK


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["check:security", "install", "build"])
@FEW
@given(tape=TAPES)
def test_no_failure_before_staging_hides_the_result_of_a_check(broken: StepId, tape: list[int]) -> None:
    world = lived(World(beginning(TWO), tape, Trouble(fails=frozenset({broken}))))
    blocked = {"check:tests"} if broken == "install" else set()
    checks = {name: p for name, p in world.run.steps.items() if p.step.phase is Phase.PREFLIGHT and name not in blocked}
    assert {name for name, p in checks.items() if not p.passed} == {broken} & set(checks)


def turned(run: Run) -> Course | None:
    """Where the next decision on `run` turns it."""
    changes = [e for e in decide(run, run.latest).record if isinstance(e, CourseChanged)]
    return changes[0].course if changes else None
