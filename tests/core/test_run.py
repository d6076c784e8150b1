"""The fold: each event changes what it is about, and nothing else."""

import pytest
from tests.fakes.scenes import COMMIT, VERSION, beginning, found

from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.core.ending import Ending
from hotfix_deploy_runner.core.events import (
    AnyEvent,
    CourseChanged,
    Interrupted,
    NoticeFailed,
    NoticeTold,
    ReadingMissed,
    ReadingTaken,
    RequestReceived,
    RunEnded,
    StepEnded,
    StepReported,
    StepsPlanned,
    StepStarted,
    VerdictReached,
)
from hotfix_deploy_runner.core.plan_back import plan_end
from hotfix_deploy_runner.core.reading import Cursor, Reading, Sample
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.run import Run, apply, begin, fold
from hotfix_deploy_runner.core.step import Course, Ended
from hotfix_deploy_runner.core.verdict import Kind, Verdict

SAID = Line(Status.OK, "said")
FLEET = found("api", 3).fleet
VERDICT = Verdict(Kind.BREACHED, "bad")
LAST = "batch:production/api:3"


def after(*events: AnyEvent) -> Run:
    """A run of three instances after its beginning and `events`."""
    return fold([beginning(), *events])


def ended(step: str, how: Ended = Ended.PASSED, **found: object) -> StepEnded:
    return StepEnded(at=1002.0, step=step, ended=how, lines=(SAID,), found=found)


def test_a_run_begins_with_all_its_steps_waiting() -> None:
    start = beginning()
    run = begin(start)
    assert [p.step for p in run.steps.values()] == list(start.steps)
    assert not any(p.running or p.passed or p.failed for p in run.steps.values())
    assert (run.started, run.latest, run.course) == (start.at, start.at, Course.FORWARD)


@pytest.mark.parametrize("events", [[], [Interrupted(at=1.0, signal="SIGINT")], [StepStarted(at=1.0, step="build")]])
def test_nothing_else_begins_a_run(events: list[AnyEvent]) -> None:
    with pytest.raises(ValueError, match="begins with run-started"):
        fold(events)


def test_a_step_is_started_reports_and_ends() -> None:
    run = after(StepStarted(at=1001.0, step="build"))
    assert run.steps["build"].running
    run = apply(run, StepReported(at=1001.5, step="build", line=SAID))
    run = apply(run, ended("build", artifact="sha256:new"))
    build = run.steps["build"]
    assert (build.passed, build.running, build.failed) == (True, False, False)
    assert (build.started, build.ended_at, build.lines) == (1001.0, 1002.0, (SAID, SAID))
    assert build.found == {"artifact": "sha256:new"}


@pytest.mark.parametrize(("how", "failed"), [(Ended.FAILED, True), (Ended.STOPPED, False)])
def test_a_stopped_step_has_neither_passed_nor_failed(how: Ended, failed: bool) -> None:
    progress = after(StepStarted(at=1001.0, step="build"), ended("build", how)).steps["build"]
    assert (progress.passed, progress.failed, progress.running) == (False, failed, False)


def test_a_step_that_is_started_again_has_no_outcome() -> None:
    """As after a crash: what is known of the first attempt stays among its lines."""
    begun = StepStarted(at=1001.0, step="build")
    progress = after(begun, ended("build", Ended.FAILED), StepStarted(at=1003.0, step="build")).steps["build"]
    assert progress.running
    assert (progress.started, progress.ended_at, progress.lines) == (1003.0, None, (SAID,))


def test_an_event_about_one_step_leaves_the_others_alone() -> None:
    before = after()
    now = apply(before, StepStarted(at=1001.0, step="build"))
    assert {name for name in now.steps if now.steps[name] != before.steps[name]} == {"build"}


def test_planned_steps_come_after_those_that_are_there() -> None:
    before = after()
    run = apply(before, StepsPlanned(at=1001.0, steps=plan_end()))
    assert list(run.steps) == [*before.steps, *(step.id for step in plan_end())]


@pytest.mark.parametrize(
    ("event", "field", "value"),
    [
        (VerdictReached(at=1001.0, verdict=VERDICT), "verdict", VERDICT),
        (CourseChanged(at=1001.0, course=Course.BACK, why="bad"), "course", Course.BACK),
        (CourseChanged(at=1001.0, course=Course.BACK, why="bad"), "why", "bad"),
        (Interrupted(at=1001.0, signal="SIGTERM"), "signal", "SIGTERM"),
        (RunEnded(at=1001.0, ending=Ending(0, "done", "")), "ending", Ending(0, "done", "")),
    ],
)
def test_what_an_event_says_is_what_the_run_then_knows(event: AnyEvent, field: str, value: object) -> None:
    assert getattr(after(event), field) == value


def test_a_request_and_what_was_not_told_are_kept() -> None:
    asked = RequestReceived(at=1001.0, request="q1", verb="abort", by="bob")
    silent = [NoticeFailed(at=1001.0 + n, notice=f"n{n}", channel="slack", why="no answer") for n in range(2)]
    run = after(asked, *silent)
    assert (run.asked, run.not_told) == (asked, tuple(silent))


def test_a_delivered_notice_changes_nothing_but_the_time() -> None:
    before = after()
    run = apply(before, NoticeTold(at=1005.0, notice="n", channel="slack"))
    assert run.latest == 1005.0
    assert run == apply(before, NoticeTold(at=1005.0, notice="other", channel="mail"))
    assert (run.steps, run.watch, run.course) == (before.steps, before.watch, before.course)


def test_time_never_runs_backwards() -> None:
    """Another machine's clock, after a takeover, may be behind."""
    assert after(Interrupted(at=900.0, signal="SIGINT")).latest == 1000.0


def test_production_is_touched_by_the_first_batch_that_begins_and_not_before() -> None:
    forward = [step.id for step in beginning().steps if not step.judged and step.does != "batch"]
    run = after(*(StepStarted(at=1001.0, step=name) for name in forward))
    assert not run.touched
    assert apply(run, StepStarted(at=1002.0, step="batch:production/api:1")).touched


def test_an_asked_rollback_touches_with_its_first_turn() -> None:
    run = fold([beginning(action="rollback"), StepStarted(at=1001.0, step="artifact")])
    assert not run.touched
    assert apply(run, StepStarted(at=1002.0, step="turn:production/api")).touched


@pytest.mark.parametrize(
    ("step", "how", "expected"),
    [(LAST, Ended.PASSED, True), (LAST, Ended.STOPPED, False), ("batch:production/api:2", Ended.PASSED, False)],
)
def test_it_is_rolled_out_when_the_last_batch_has_passed(step: str, how: Ended, expected: bool) -> None:
    run = after(StepStarted(at=1001.0, step=step), ended(step, how))
    assert run.rolled_out == expected
    assert run.watch is not None
    assert (run.watch.all_in is not None) == expected, "the window of the watch begins then"


def test_the_new_revision_has_the_bytes_that_were_built() -> None:
    assert after().new == Revision(VERSION, COMMIT)
    run = after(StepStarted(at=1001.0, step="build"), ended("build", artifact="sha256:new"))
    assert run.new == Revision(VERSION, COMMIT, "sha256:new")
    assert run.candidate == Revision(f"{VERSION}-rc.1", COMMIT, "sha256:new")


def test_readings_reach_the_watch() -> None:
    reading = Reading(1000.0, 1002.0, (Sample("api-0", "api-0/old", "v2.14.3", 100, 1),))
    run = after(ReadingTaken(at=1002.0, reading=reading, cursor=Cursor(1002.0, {}), fleet=FLEET))
    assert run.watch is not None
    assert run.watch.covers(["api-0/old"], 1001.0)
    missed = apply(run, ReadingMissed(at=1004.0, why="no answer", fleet=FLEET))
    assert missed.watch is not None
    assert not missed.watch.covers(["api-0/old"], 1003.0)


@pytest.mark.parametrize("start", [beginning(metrics=False), beginning(action="rollback")])
def test_what_is_not_watched_has_no_watch(start: object) -> None:
    run = fold([start])  # type: ignore[list-item]
    assert run.watch is None
    assert apply(run, ReadingMissed(at=1004.0, why="no answer", fleet=FLEET)).watch is None
