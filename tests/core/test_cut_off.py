"""A run whose lock cannot be renewed: it begins nothing new on its way forward, and goes back all the same."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.events import Story, batch, checked, facts, proven, request, tagged
from tests.fakes.lives import FEW, MOMENTS, TAPES, TWO, code, lived
from tests.fakes.scenes import beginning
from tests.fakes.world import Moment, Trouble, World, after, never

from hotfix_deploy_runner.core.decide import Decision, decide, needs_lock
from hotfix_deploy_runner.core.events import (
    CourseChanged,
    CutOff,
    Reconnected,
    Resumed,
    StepEnded,
    StepStarted,
)
from hotfix_deploy_runner.core.notice import Notice, Severity
from hotfix_deploy_runner.core.notices import notices
from hotfix_deploy_runner.core.plan import VALIDATE
from hotfix_deploy_runner.core.run import Run, apply, fold
from hotfix_deploy_runner.core.step import Course, Ended
from hotfix_deploy_runner.views.narration import Narrator, Words

WHY = "the lock cannot be renewed: the remote origin does not answer"
CUT = CutOff(at=2000.0, why=WHY)
BACK_AGAIN = Reconnected(at=2001.0)


class CutOffWorld(World):
    """A world that is cut off once it `cuts`. With `mends` it is reconnected: then, or when nothing else can happen."""

    cuts: Moment = staticmethod(never)
    mends: Moment = staticmethod(never)
    was_cut_off = False

    def _let_happen(self, decision: Decision) -> None:
        if not self.was_cut_off and self.cuts(self) and needs_lock(self.run):
            self.was_cut_off = True
            self._append(CutOff(at=self.now, why=WHY))
        elif self.run.cut_off and (self.mends(self) or not self._possible(decision)):
            self._append(Reconnected(at=self.now))
        else:
            super()._let_happen(decision)

    @property
    def begun_meanwhile(self) -> list[str]:
        """The steps of the way forward that were begun while it was cut off, and before it was validated."""
        run, begun = fold(self.events[:1]), []
        for event in self.events[1:]:
            if isinstance(event, StepStarted) and run.cut_off and not run.passed(VALIDATE):
                begun += [event.step] if run.steps[event.step].step.course is Course.FORWARD else []
            run = apply(run, event)
        return begun


@pytest.mark.slow
@FEW
@given(tape=TAPES, moment=MOMENTS, lasts=st.integers(1, 60))
def test_a_good_release_stands_still_and_goes_live_once_it_is_reconnected(
    tape: list[int], moment: int, lasts: int
) -> None:
    world = CutOffWorld(beginning(TWO), tape)
    world.cuts, world.mends = after(moment), after(moment + lasts)
    assert (code(lived(world)), world.versions) == (0, {"new"})
    assert world.begun_meanwhile == []


@pytest.mark.slow
@FEW
@given(tape=TAPES)
def test_a_bad_release_is_taken_back_without_another_word_from_the_team(tape: list[int]) -> None:
    def touched(world: World) -> bool:
        return world.run.touched

    world = CutOffWorld(beginning(TWO), tape, Trouble(bad=touched))
    world.cuts = touched
    assert (code(lived(world)), world.versions) == (4, {"old"})
    assert world.was_cut_off and not any(isinstance(event, Reconnected) for event in world.events)
    assert world.begun_meanwhile == []


@FEW
@given(tape=TAPES)
def test_a_rollback_that_was_asked_for_waits_for_no_lock(tape: list[int]) -> None:
    world = World(beginning(TWO, action="rollback"), tape)
    world._append(CUT)
    assert (code(lived(world)), world.versions) == (0, {"new"})


def test_it_is_held_up_until_it_is_reconnected_or_another_process_has_the_lock() -> None:
    assert [step.id for step in decide(rolling(), 2000.0).start] != []
    held = decide(apply(rolling(), CUT), 2000.0)
    assert (held.start, held.record, held.stop, held.over) == ((), (), (), None)
    resumed = Resumed(at=2001.0, by="bob", host="h2", fence=2)
    for goes_on in (BACK_AGAIN, resumed):
        after_it = apply(apply(rolling(), CUT), goes_on)
        assert after_it.cut_off == ""
        assert decide(after_it, 2001.0).start != ()


def test_once_it_is_validated_what_is_left_begins() -> None:
    world = lived(World(beginning(TWO)))
    validated = next(n for n, e in enumerate(world.events) if isinstance(e, StepEnded) and e.step == VALIDATE)
    before, run = fold(world.events[:validated]), fold(world.events[: validated + 1])
    assert needs_lock(before) and not needs_lock(run)
    assert decide(apply(run, CUT), 10 * run.latest).start != ()


def test_a_first_deployment_is_no_way_back() -> None:
    first = beginning(TWO, action="rollback")
    assert not needs_lock(fold([first]))
    request_of_first = msgspec.structs.replace(first.request, first=True)
    assert needs_lock(fold([msgspec.structs.replace(first, request=request_of_first)]))


def test_the_way_back_needs_none() -> None:
    run = apply(apply(rolling(), CUT), CourseChanged(at=2001.0, course=Course.BACK, why="bad"))
    assert decide(run, 2001.0).record != (), "it is planned"


def test_with_nothing_left_to_begin_it_ends_without_the_lock() -> None:
    """A deploy to staging alone is not validated."""
    world = lived(World(beginning(TWO, target="staging")))
    ended = next(n for n, e in enumerate(world.events) if type(e).__name__ == "StepsPlanned")
    run = apply(fold(world.events[:ended]), CUT)
    assert decide(run, run.latest).over is None and decide(run, run.latest).record != ()


def test_people_are_told_once_and_only_with_production_half_way() -> None:
    story = half_way()
    run = fold(story.events)
    (told,) = notices(run, CUT, apply(run, CUT))
    assert (told.title, told.severity) == ("v2.14.4 on production is held up", Severity.WARNING)
    assert WHY[1:] in told.text and "A breach still rolls back." in str(told)
    untouched = fold(story.events[:1])
    assert list(notices(untouched, CUT, apply(untouched, CUT))) == []
    assert list(notices(apply(run, CUT), BACK_AGAIN, run)) == []
    again: list[Notice] = list(notices(run, CUT, apply(run, CUT)))
    assert [one.id for one in again] == [told.id], "a second one of the same run is not told twice"


def test_it_is_narrated_where_the_run_stands() -> None:
    story = half_way()
    narrator = Narrator()
    for event in story.events:
        list(narrator.tell(event))
    said = [piece for event in (CUT, BACK_AGAIN) for piece in narrator.tell(event)]
    words = "\n".join(str(piece) for piece in said)
    assert f"Held up: {WHY}" in words and "The lock is renewed: going on" in words
    assert not any(isinstance(piece, Words) for piece in said)


def half_way() -> Story:
    """One of three is on the new version."""
    story = Story(request(), facts())
    checked(story)
    proven(story)
    tagged(story)
    batch(story, 1)
    return story


def rolling() -> Run:
    """The candidate's checks are about to begin."""
    start = beginning()
    return fold(
        [start, StepStarted(at=1001.0, step="worktree"), StepEnded(at=1002.0, step="worktree", ended=Ended.PASSED)]
    )
