"""The process that drives a run dies at any instant, or leaves it, and another one goes on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.lives import MODERATE, MOMENTS, TAPES, TWO, code, lived
from tests.fakes.scenes import beginning
from tests.fakes.world import Trouble, World, after

from hotfix_deploy_runner.core.events import Resumed
from hotfix_deploy_runner.core.facts import Action

GAPS = st.sampled_from([0.5, 60.0, 100_000.0])


@pytest.mark.slow
@MODERATE
@given(tape=TAPES, moment=MOMENTS, gap=GAPS)
def test_a_good_release_goes_live_all_the_same(tape: list[int], moment: int, gap: float) -> None:
    world = lived(World(beginning(TWO), tape, Trouble(dies=after(moment), gap=gap)))
    assert (code(world), world.versions) == (0, {"new"})


@pytest.mark.slow
@MODERATE
@given(tape=TAPES, moment=MOMENTS, gap=GAPS)
def test_a_bad_release_is_taken_back_all_the_same(tape: list[int], moment: int, gap: float) -> None:
    def bad(world: World) -> bool:
        return world.run.touched

    world = lived(World(beginning(TWO), tape, Trouble(bad=bad, dies=after(moment), gap=gap)))
    assert (code(world), world.versions) == (4, {"old"})


@pytest.mark.slow
@MODERATE
@given(tape=TAPES, moment=st.integers(1, 12), gap=GAPS)
def test_an_asked_rollback_comes_to_its_end(tape: list[int], moment: int, gap: float) -> None:
    world = lived(World(beginning(TWO, action="rollback"), tape, Trouble(dies=after(moment), gap=gap)))
    assert (code(world), world.versions) == (0, {"new"})


@pytest.mark.slow
@pytest.mark.parametrize("action", ["deploy", "rollback"])
@MODERATE
@given(tape=TAPES, moment=MOMENTS, again=TAPES)
def test_what_a_signal_left_is_gone_on_with(action: Action, tape: list[int], moment: int, again: list[int]) -> None:
    world = lived(World(beginning(TWO, action=action), tape, Trouble(strikes=after(moment), strike="SIGINT")))
    if code(world) == 0:
        return
    world.resume()
    lived(world)
    assert (code(world), world.versions) == (0, {"new"})
    assert sum(isinstance(event, Resumed) for event in world.events) == 1


@pytest.mark.slow
@MODERATE
@given(tape=TAPES, moment=MOMENTS)
def test_what_died_can_be_aborted(tape: list[int], moment: int) -> None:
    def at_once(world: World) -> bool:
        return world.died

    world = lived(World(beginning(TWO), tape, Trouble(dies=after(moment), strikes=at_once, strike="abort")))
    if world.touched_when_struck is not None and code(world) != 0:
        assert code(world) == (4 if world.touched_when_struck else 3)
        assert world.versions == {"old"}
