"""Somebody asks for the way back, or the process is told to stop: at any instant of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.lives import MODERATE, MOMENTS, TAPES, TWO, code, lived
from tests.fakes.scenes import beginning
from tests.fakes.world import Trouble, World, after

from hotfix_deploy_runner.core.plan_back import DOCUMENT
from hotfix_deploy_runner.core.step import Course

SIGNALS = {"SIGINT": 130, "SIGTERM": 143}


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["rollback", "abort"])
@MODERATE
@given(tape=TAPES, moment=MOMENTS, metrics=st.booleans())
def test_a_request_at_any_instant_undoes_what_was_done(verb: str, tape: list[int], moment: int, metrics: bool) -> None:
    world = lived(World(beginning(TWO, metrics=metrics), tape, Trouble(strikes=after(moment), strike=verb)))
    if world.touched_when_struck is None:
        assert code(world) == (0 if metrics else 6)
        return
    assert code(world) == (4 if world.touched_when_struck else 3)
    assert world.versions == {"old"}


@pytest.mark.slow
@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
@MODERATE
@given(tape=TAPES, moment=MOMENTS)
def test_a_signal_at_any_instant_leaves_everything_as_it_is(signal: str, tape: list[int], moment: int) -> None:
    world = lived(World(beginning(TWO), tape, Trouble(strikes=after(moment), strike=signal)))
    ending = world.run.ending
    assert ending is not None
    if world.touched_when_struck is None:
        assert code(world) == 0
        return
    assert (code(world), ending.unfinished) == (SIGNALS[signal], True)
    assert not any(p.step.course is Course.BACK for p in world.run.steps.values())
    if not world.touched_when_struck:
        assert world.versions == {"old"}


@MODERATE
@given(tape=TAPES, moment=st.integers(1, 12), strike=st.sampled_from(["SIGINT", "rollback"]))
def test_an_asked_rollback_goes_on_to_its_end(tape: list[int], moment: int, strike: str) -> None:
    world = lived(World(beginning(TWO, action="rollback"), tape, Trouble(strikes=after(moment), strike=strike)))
    assert (code(world), world.versions) == (0, {"new"})


@MODERATE
@given(tape=TAPES, signal=st.sampled_from(["SIGINT", "SIGTERM"]))
def test_a_signal_on_the_way_back_waits_for_the_old_version(tape: list[int], signal: str) -> None:
    def going_back(world: World) -> bool:
        return world.run.course is Course.BACK

    trouble = Trouble(fails=frozenset({"batch:production/api:2"}), strikes=going_back, strike=signal)
    world = lived(World(beginning(TWO), tape, trouble))
    assert world.touched_when_struck
    assert (code(world), world.versions) == (4, {"old"})


@pytest.mark.parametrize(("strike", "expected"), [("rollback", 4), ("SIGINT", 130)])
def test_a_document_that_is_being_written_is_finished_first(strike: str, expected: int) -> None:
    def writing(world: World) -> bool:
        return DOCUMENT in world.run.steps and world.run.steps[DOCUMENT].running

    world = lived(World(beginning(TWO), trouble=Trouble(strikes=writing, strike=strike)))
    assert code(world) == expected
    assert world.run.passed(DOCUMENT)
