"""Hooks in the graph and in the life of a run: where they stand, and that only the first of them can stop anything."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.lives import BADLY, FEW, TAPES, TWO, code, lived, position
from tests.fakes.scenes import beginning
from tests.fakes.world import Trouble, World, after, never

from hotfix_deploy_runner.core.announcing import phase_of
from hotfix_deploy_runner.core.events import StepEnded, StepStarted
from hotfix_deploy_runner.core.hooks import Hook, hook_steps
from hotfix_deploy_runner.core.plan_back import plan_turn_back, plan_way_back
from hotfix_deploy_runner.core.progress import Progress
from hotfix_deploy_runner.core.run import begin
from hotfix_deploy_runner.core.step import Course, Ended, Phase

ALL: tuple[Hook, ...] = ("before_rollout", "after_rollout", "before_rollback", "after_rollback")
HARMLESS = ALL[1:]


def test_those_of_the_rollout_stand_before_the_first_batch_and_after_the_last_gate() -> None:
    steps = {step.id: step for step in beginning(TWO, hooks=ALL).steps}
    assert steps["hook:before_rollout"].waits_for == {"prepare"}
    assert steps["batch:production/api:1"].waits_for == {"hook:before_rollout"}
    last = next(name for name in reversed(steps) if name.startswith("gate:"))
    assert steps["hook:after_rollout"].waits_for == {last} == steps["validate"].waits_for
    assert "hook:before_rollback" not in steps and "hook:after_rollback" not in steps


def test_those_of_a_way_back_are_planned_with_it_and_nothing_waits_for_them() -> None:
    facts = beginning(TWO).facts
    first, hook = plan_turn_back("production", ALL)
    assert (first.id, hook.id, hook.waits_for) == ("observe", "hook:before_rollback", frozenset())
    back = {step.id: step for step in plan_way_back("production", facts, {}, ALL)}
    assert back["hook:after_rollback"].waits_for == {"restore:production/api", "restore:production/workers"}
    assert not any(name.startswith("hook:") for step in back.values() for name in step.waits_for)


def test_an_asked_rollback_has_the_same_two_and_a_first_deployment_none() -> None:
    steps = {step.id: step for step in beginning(TWO, action="rollback", hooks=ALL).steps}
    assert steps["hook:before_rollback"].waits_for == frozenset()
    assert steps["hook:after_rollback"].waits_for == {"turn:production/api", "turn:production/workers"}
    assert "hook:before_rollout" not in steps


@pytest.mark.parametrize("hook", ALL)
def test_without_a_command_there_is_no_step(hook: Hook) -> None:
    assert hook_steps(hook, tuple(other for other in ALL if other != hook), "production") == ()
    (step,) = hook_steps(hook, (hook,), "production")
    assert (step.course, step.phase) == (
        Course.FINISH,
        Phase.ROLLBACK if hook.endswith("rollback") else Phase.PRODUCTION,
    )


def test_before_the_rollout_a_failure_stops_the_run_with_production_untouched() -> None:
    world = lived(World(beginning(TWO, hooks=ALL), (), Trouble(frozenset({"hook:before_rollout"}))))
    assert (code(world), world.versions, world.run.touched) == (3, {"old"}, False)


@pytest.mark.slow
@pytest.mark.parametrize("hook", HARMLESS)
@pytest.mark.parametrize("bad", [False, True])
@FEW
@given(tape=TAPES, badly=BADLY, silently=st.booleans())
def test_no_other_failure_turns_a_run_or_changes_its_code(
    hook: Hook, bad: bool, tape: list[int], badly: Ended, silently: bool
) -> None:
    """Also one that a bug makes fail outright: the performer itself only warns."""
    trouble = Trouble(frozenset({f"hook:{hook}"}), badly, silently, bad=after(0) if bad else never)
    world = lived(World(beginning(TWO, hooks=ALL), tape, trouble))
    assert (code(world), world.versions) == ((4, {"old"}) if bad else (0, {"new"}))
    begun = {p.step.id for p in world.run.steps.values() if p.started is not None}
    pair = {"hook:before_rollback", "hook:after_rollback"} if bad else {"hook:before_rollout", "hook:after_rollout"}
    assert pair <= begun
    assert all(world.run.steps[name].ended is not None for name in begun), "nothing is left at work at the end"


@pytest.mark.slow
@FEW
@given(tape=TAPES)
def test_what_follows_a_way_back_comes_when_all_is_restored(tape: list[int]) -> None:
    world = lived(World(beginning(TWO, hooks=ALL), tape, Trouble(bad=after(0))))
    restores = [name for name in world.run.steps if name.startswith("restore:")]
    restored = max(position(world.events, StepEnded, name) for name in restores)
    assert restored < position(world.events, StepStarted, "hook:after_rollback")


def test_a_hook_at_work_is_not_where_the_run_stands() -> None:
    run = begin(beginning(hooks=ALL))
    done = {name: Progress(p.step, 1.0, 1.0, 2.0, Ended.PASSED) for name, p in run.steps.items() if name != "validate"}
    at_work = Progress(run.steps["hook:after_rollout"].step, 1.0, 1.0)
    steps = {**run.steps, **done, "hook:after_rollout": at_work}
    assert phase_of(msgspec.structs.replace(run, steps=steps)) is Phase.VALIDATION
