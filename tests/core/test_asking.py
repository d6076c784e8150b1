"""Pause, continue, promote; and a signal that orders the way back: what a run does of it."""

import msgspec
import pytest
from hypothesis import given
from tests.fakes.lives import MODERATE, MOMENTS, TAPES, TWO, code, lived, verdict
from tests.fakes.scenes import beginning
from tests.fakes.world import Trouble, World, after

from hotfix_deploy_runner.core.asking import ORDERED_WITHIN
from hotfix_deploy_runner.core.decide import decide
from hotfix_deploy_runner.core.events import Interrupted, RequestReceived, RunStarted
from hotfix_deploy_runner.core.run import apply, begin
from hotfix_deploy_runner.core.step import Course
from hotfix_deploy_runner.core.verdict import Kind


def rolls_back() -> RunStarted:
    """A run that is to go back where it is interrupted."""
    started = beginning(TWO)
    return msgspec.structs.replace(started, policy=msgspec.structs.replace(started.policy, on_interrupt="rollback"))


@pytest.mark.slow
@MODERATE
@given(tape=TAPES, moment=MOMENTS)
def test_a_promotion_at_any_instant_gets_everything_live(tape: list[int], moment: int) -> None:
    world = lived(World(beginning(TWO), tape, Trouble(strikes=after(moment), strike="promote")))
    assert world.versions == {"new"}
    assert code(world) == (6 if verdict(world) is Kind.UNPROVEN else 0)


@MODERATE
@given(tape=TAPES)
def test_a_window_that_is_cut_short_proves_nothing(tape: list[int]) -> None:
    def all_in(world: World) -> bool:
        return world.run.rolled_out

    world = lived(World(beginning(TWO), tape, Trouble(strikes=all_in, strike="promote")))
    assert (code(world), verdict(world), world.versions) == (6, Kind.UNPROVEN, {"new"})


@MODERATE
@given(tape=TAPES)
def test_a_breach_is_taken_back_whatever_was_promoted(tape: list[int]) -> None:
    def touched(world: World) -> bool:
        return world.run.touched

    world = lived(World(beginning(TWO), tape, Trouble(bad=touched, strikes=touched, strike="promote")))
    assert (code(world), world.versions) == (4, {"old"})


def test_while_it_is_paused_nothing_new_begins_and_nothing_ends() -> None:
    run = begin(beginning(TWO))
    paused = apply(run, RequestReceived(at=1001.0, request="q1", verb="pause", by="bob"))
    assert decide(run, 1001.0).start
    waiting = decide(paused, 1001.0)
    assert (waiting.start, waiting.record, waiting.over) == ((), (), None)
    gone_on = apply(paused, RequestReceived(at=1002.0, request="q2", verb="continue", by="bob"))
    assert decide(gone_on, 1002.0).start == decide(run, 1001.0).start


@pytest.mark.slow
@MODERATE
@given(tape=TAPES, moment=MOMENTS)
def test_where_it_is_wanted_a_signal_leads_back(tape: list[int], moment: int) -> None:
    world = lived(World(rolls_back(), tape, Trouble(strikes=after(moment), strike="SIGTERM")))
    if world.touched_when_struck and world.run.course is Course.BACK:
        assert (code(world), world.versions) == (4, {"old"})
    elif world.touched_when_struck is not None:
        assert code(world) in (0, 143)


def test_an_ordered_way_back_is_not_waited_for_for_long() -> None:
    world = World(rolls_back())
    while not world.run.touched:
        world._let_happen(world._obey())
    world._append(Interrupted(at=world.now, signal="SIGTERM"))
    world._obey()
    assert world.run.course is Course.BACK
    late = decide(world.run, world.now + ORDERED_WITHIN)
    assert [getattr(event, "course", None) for event in late.record] == [Course.LEAVE]
