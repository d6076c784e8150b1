"""A run whose place was taken: whatever it was about, it does nothing more to the target, and says so with 7."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.lives import FEW, MOMENTS, TAPES, TWO
from tests.fakes.scenes import beginning
from tests.fakes.world import World

from hotfix_deploy_runner.core.conclude import conclude
from hotfix_deploy_runner.core.decide import Decision, decide
from hotfix_deploy_runner.core.events import (
    AnyEvent,
    CourseChanged,
    Interrupted,
    RequestReceived,
    RunEnded,
    StepEnded,
    StepStarted,
    TakenOver,
)
from hotfix_deploy_runner.core.facts import Action
from hotfix_deploy_runner.core.notice import Severity
from hotfix_deploy_runner.core.notices import notices
from hotfix_deploy_runner.core.run import Run, apply, fold
from hotfix_deploy_runner.core.step import Course, Ended
from hotfix_deploy_runner.core.timeline import timeline

OTHER = "run r2 has taken over"
TAKEN = TakenOver(at=2000.0, why=OTHER)
WAYS_OUT: list[AnyEvent] = [
    RequestReceived(at=2001.0, request="q1", verb="rollback", by="bob"),
    Interrupted(at=2001.0, signal="SIGINT"),
]


class Overtaken(World):
    """A world in which another run takes the place at a happening, and after that answers a request and a signal."""

    at = 0

    def _let_happen(self, decision: Decision) -> None:
        super()._let_happen(decision)
        if self.happenings == self.at and self.run.ending is None:
            self.steps_before = {p.step.id for p in self.run.steps.values() if p.started is not None}
            for event in [TAKEN, *WAYS_OUT]:
                self._append(event)


@pytest.mark.slow
@pytest.mark.parametrize("action", ["deploy", "rollback"])
@FEW
@given(tape=TAPES, at=MOMENTS)
def test_whenever_it_comes_nothing_but_the_paper_work_follows(action: Action, tape: list[int], at: int) -> None:
    world = Overtaken(beginning(TWO, action=action), tape)
    world.at = at
    ending = world.live()
    if not world.run.taken_over:
        return
    assert ending.code == 7 and OTHER in ending.summary
    after = {p.step.id for p in world.run.steps.values() if p.started is not None} - world.steps_before
    assert after <= {"document", "cleanup"}
    assert not ending.unfinished


@FEW
@given(order=st.permutations([TAKEN, *WAYS_OUT]))
def test_neither_a_request_nor_a_signal_beside_it_turns_the_run_back(order: list[AnyEvent]) -> None:
    run = rolling()
    for event in order:
        run = apply(run, event)
    assert [e.course for e in decide(run, 2002.0).record if isinstance(e, CourseChanged)] == [Course.LEAVE]


def test_it_leaves_also_when_it_was_on_its_way_back() -> None:
    run = apply(rolling(), CourseChanged(at=1500.0, course=Course.BACK, why="bad"))
    run = apply(run, TAKEN)
    assert decide(run, 2001.0).record == (CourseChanged(at=2001.0, course=Course.LEAVE, why=OTHER),)


def test_what_is_under_way_is_stopped_before_it_ends() -> None:
    run = apply(rolling(), StepStarted(at=1003.0, step="batch:production/api:2"))
    run = apply(apply(run, TAKEN), CourseChanged(at=2001.0, course=Course.LEAVE, why=OTHER))
    assert "batch:production/api:2" in decide(run, 2001.0).stop


def test_the_last_words_promise_nothing_about_the_target() -> None:
    ending = conclude(apply(rolling(), TAKEN))
    assert ending.summary == "Hotfix v2.14.4 stopped where it was: run r2 has taken over."
    assert ending.production == "What production runs is in the other run's hands."
    assert ending.next_step == "hotfix-deploy-runner status --instances"


def test_people_are_told_without_a_page_and_without_a_command_that_would_fight() -> None:
    before = apply(rolling(), TAKEN)
    turn = CourseChanged(at=2001.0, course=Course.LEAVE, why=OTHER)
    (told,) = notices(before, turn, apply(before, turn))
    assert told.severity is Severity.WARNING and "rollback-deploy-auto" not in told.text
    assert OTHER[1:] in told.text


def test_it_stands_in_the_timeline() -> None:
    assert any(moment.what == "Taken over" and moment.detail == (OTHER,) for moment in timeline([beginning(), TAKEN]))


def test_an_ended_run_is_over_whoever_comes_after() -> None:
    run = rolling()
    ended = apply(run, RunEnded(at=1900.0, ending=conclude(run)))
    assert decide(apply(ended, TAKEN), 2001.0).over == ended.ending


def rolling() -> Run:
    """In mid rollout: the first batch is in."""
    batch = "batch:production/api:1"
    start = msgspec.structs.replace(beginning(), at=1000.0)
    return fold([start, StepStarted(at=1001.0, step=batch), StepEnded(at=1002.0, step=batch, ended=Ended.PASSED)])
