"""Too little traffic to tell: probes take the customers' place, where there are any."""

import pytest
from hypothesis import given
from tests.fakes.lives import MODERATE, MOMENTS, TAPES, TWO, code, lived, position, started, verdict, without_times
from tests.fakes.scenes import beginning
from tests.fakes.world import Trouble, World, after

from hotfix_deploy_runner.core.check import Status
from hotfix_deploy_runner.core.events import AnyEvent, RunEnded, RunStarted, StepEnded, StepStarted
from hotfix_deploy_runner.core.notice import Notice, Severity
from hotfix_deploy_runner.core.notices import notices
from hotfix_deploy_runner.core.plan import PROBES, VALIDATE
from hotfix_deploy_runner.core.run import Run, apply, begin
from hotfix_deploy_runner.core.step import Course, Ended
from hotfix_deploy_runner.core.verdict import Kind

QUIET = Trouble(quiet=after(0))
FAILING = Trouble(quiet=after(0), fails=frozenset({PROBES}))


def silent(trouble: Trouble = QUIET, *, probes: bool = True) -> World:
    return lived(World(beginning(probes=probes), trouble=trouble))


def test_probes_that_pass_make_it_a_success_with_a_warning() -> None:
    world = silent()
    assert (code(world), verdict(world), world.versions) == (0, Kind.QUIET, {"new"})
    assert Status.WARN in {line.status for line in world.run.steps[VALIDATE].lines}
    assert world.run.ending is not None
    assert world.run.ending.summary == "Hotfix v2.14.4 deployed successfully."


@pytest.mark.parametrize("badly", [Ended.FAILED, Ended.STOPPED])
def test_probes_that_do_not_pass_leave_it_live_and_unproven(badly: Ended) -> None:
    world = silent(Trouble(quiet=after(0), fails=frozenset({PROBES}), badly=badly))
    assert (code(world), world.run.course, world.versions) == (6, Course.FORWARD, {"new"})
    assert world.run.ending is not None
    assert "too little traffic to tell" in world.run.ending.summary
    assert world.run.ending.summary.endswith("; and its probes do not pass.")
    assert world.run.steps["merge:main"].passed, "the fix is live: main gets it"


def test_without_probes_nobody_knows() -> None:
    world = silent(probes=False)
    assert (code(world), verdict(world)) == (6, Kind.QUIET)
    assert PROBES not in world.run.steps
    assert world.run.ending is not None
    assert "probes" not in world.run.ending.summary


@pytest.mark.parametrize("trouble", [Trouble(), Trouble(bad=after(0)), Trouble(blind=after(0))])
def test_whenever_there_is_something_to_tell_nothing_is_probed(trouble: Trouble) -> None:
    world = lived(World(beginning(probes=True), trouble=trouble))
    assert verdict(world) not in (None, Kind.QUIET)
    assert PROBES not in world.run.steps


def test_they_begin_after_the_validation_and_the_run_waits_for_them() -> None:
    events = silent().events
    validated = next(n for n, e in enumerate(events) if isinstance(e, StepEnded) and e.step == VALIDATE)
    begun = position(events, StepStarted, PROBES)
    assert validated < begun < position(events, StepEnded, PROBES) < position(events, RunEnded)


@pytest.mark.slow
@MODERATE
@given(tape=TAPES)
def test_the_order_of_what_goes_on_beside_them_does_not_matter(tape: list[int]) -> None:
    start = beginning(TWO, probes=True)
    assert without_times(lived(World(start, tape, QUIET)).run) == without_times(lived(World(start, trouble=QUIET)).run)


@pytest.mark.slow
@MODERATE
@given(tape=TAPES, moment=MOMENTS)
def test_a_rollback_that_is_asked_for_while_they_run_takes_place(tape: list[int], moment: int) -> None:
    world = lived(World(beginning(TWO, probes=True), tape, Trouble(quiet=after(0), strikes=after(moment))))
    if world.run.asked is not None and world.run.course is Course.BACK:
        assert (code(world), world.versions) == (4, {"old"})
    assert all(p.ended is not None or p.step.background for p in started(world)), "nothing is left at work"


def deployed(events: list[AnyEvent]) -> tuple[Run, Notice]:
    """The one notice that says that it is live, and the run when it was told."""
    assert isinstance(events[0], RunStarted)
    run, told = begin(events[0]), []
    for event in events[1:]:
        before, run = run, apply(run, event)
        told += [(run, n) for n in notices(before, event, run) if n.id.endswith(":deployed")]
    assert len(told) == 1
    return told[0]


@pytest.mark.parametrize(("trouble", "severity"), [(QUIET, Severity.GOOD), (FAILING, Severity.WARNING)])
def test_that_it_is_live_is_told_when_they_have_answered(trouble: Trouble, severity: Severity) -> None:
    run, notice = deployed(silent(trouble).events)
    assert run.steps[PROBES].ended is not None
    assert notice.severity is severity
