"""Declared order, whatever order things happen in."""

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.events import (
    BREACHED,
    NEW,
    Story,
    batch,
    checked,
    errors_rolled_back,
    facts,
    fail,
    failing_test,
    good_deploy,
    ok,
    proven,
    request,
    rollback_asked_of_a_run,
    rollback_run,
    rolled_out,
    tagged,
    warn,
)

from hotfix_deploy_runner.core.check import Line
from hotfix_deploy_runner.core.ending import Ending, ExitCode
from hotfix_deploy_runner.core.events import (
    Interrupted,
    NoticeFailed,
    RunEnded,
    StepEnded,
    StepReported,
    StepsPlanned,
)
from hotfix_deploy_runner.core.plan import plan_probes
from hotfix_deploy_runner.core.plan_back import plan_turn_back
from hotfix_deploy_runner.core.policy import Policy
from hotfix_deploy_runner.core.step import Course, Ended
from hotfix_deploy_runner.views.narration import Heading, Narrator, Piece, Words

STORIES = [good_deploy, errors_rolled_back, failing_test, rollback_asked_of_a_run, rollback_run]
UNTOUCHED = Ending(ExitCode.STOPPED, "Hotfix stopped before production.", "Production is untouched: v2.14.3.")

CHECKS = {
    "check:branch": (ok("Branch exists and is clean"),),
    "check:tests": (ok("Tests pass (47/47)"), warn("3 tests were skipped")),
    "check:security": (ok("Security scan clear"),),
    "check:migrations": (ok("Database migrations: none"),),
    "build": (ok("Built sha256:1111"),),
    "record": (),
}


def pieces(story: Story) -> list[Piece]:
    narrator = Narrator()
    return [piece for event in story.events for piece in narrator.tell(event)]


def texts(told: list[Piece] | tuple[Piece, ...]) -> list[str]:
    return [piece.text for piece in told if not isinstance(piece, Words)]


@given(st.permutations(list(CHECKS)))
def test_the_order_in_which_work_ends_does_not_show(order: list[str]) -> None:
    story = Story(request(), facts())
    story.does("worktree")
    story.does("install")
    story.starts(*CHECKS)
    for step in order:
        story.ends(step, *CHECKS[step])
    assert texts(pieces(story)) == [
        "Pre-flight checks",
        "Branch exists and is clean",
        "Tests pass (47/47)",
        "3 tests were skipped",
        "Security scan clear",
        "Database migrations: none",
        "Staging deployment",
        "Built sha256:1111",
    ]


@given(st.permutations([step for step in CHECKS if step.startswith("check:")]), st.sampled_from(list(CHECKS)[:4]))
def test_a_failed_check_hides_none_of_the_others(order: list[str], bad: str) -> None:
    story = Story(request(), facts())
    story.does("worktree")
    story.does("install")
    story.starts(*CHECKS)
    for step in order:
        lines = (fail("no good"),) if step == bad else CHECKS[step]
        story.ends(step, *lines, ended=Ended.FAILED if step == bad else Ended.PASSED)
    story.turns(Course.FINISH, "no good")
    told = texts(pieces(story))
    expected = ["no good" if step == bad else CHECKS[step][0].text for step in CHECKS if step.startswith("check:")]
    assert [text for text in told if text != "3 tests were skipped"] == ["Pre-flight checks", *expected]


def test_a_failed_install_does_not_hold_back_the_checks_without_it() -> None:
    story = Story(request(), facts())
    story.does("worktree")
    story.starts("install", "check:branch", "check:security")
    story.ends("install", fail("Dependencies cannot be installed"), ended=Ended.FAILED)
    story.ends("check:branch", ok("Branch exists and is clean"))
    story.ends("check:security", ok("Security scan clear"))
    assert texts(pieces(story)) == [
        "Pre-flight checks",
        "Dependencies cannot be installed",
        "Branch exists and is clean",
        "Security scan clear",
    ]


def test_a_running_step_is_told_as_it_reports_and_holds_back_the_next() -> None:
    story = Story(request(), facts())
    checked(story)
    story.does("candidate-tag")
    story.does("staging-deploy")
    story.starts("smoke", "staging-health")
    narrator = Narrator()
    for event in story.events:
        narrator.tell(event)
    told = narrator.tell(
        StepEnded(at=1.0, step="staging-health", ended=Ended.PASSED, lines=(ok("Health check: 200 OK"),))
    )
    assert told == ()
    told = narrator.tell(StepReported(at=1.0, step="smoke", line=ok("4 of 12")))
    assert texts(told) == ["Staging deployment", "4 of 12"]
    told = narrator.tell(StepEnded(at=1.0, step="smoke", ended=Ended.PASSED, lines=(ok("12 of 12"),)))
    assert texts(told) == ["12 of 12", "Health check: 200 OK"]


def test_a_failed_merge_does_not_hold_back_what_comes_after_the_branch_that_stays() -> None:
    story = Story(request(), facts())
    rolled_out(story)
    story.ends("validate", ok("Error rate: fine"))
    story.starts("merge:main", "settle")
    story.ends("settle", ok("Old releases removed"))
    story.ends("merge:main", fail("main is protected"), ended=Ended.FAILED)
    assert texts(pieces(story))[-3:] == ["Afterwards", "main is protected", "Old releases removed"]


def test_probes_that_are_planned_late_are_told_where_they_belong() -> None:
    story = Story(request(), facts())
    rolled_out(story)
    story.add(StepsPlanned(at=story.tick(), steps=(plan_probes("production"),)))
    story.ends("validate", warn("Error rate: fine"))
    story.starts("probes", "merge:main")
    story.ends("merge:main", ok("Merged back to main"))
    story.ends("probes", ok("Probes pass (2/2)"))
    expected = ["Post-deploy validation", "Error rate: fine", "Probes pass (2/2)", "Afterwards", "Merged back to main"]
    assert texts(pieces(story))[-5:] == expected


def test_probes_that_fail_hold_nothing_back() -> None:
    story = Story(request(), facts())
    rolled_out(story)
    story.add(StepsPlanned(at=story.tick(), steps=(plan_probes("production"),)))
    story.ends("validate", warn("Error rate: fine"))
    story.starts("probes", "merge:main")
    story.ends("probes", fail("Probes pass (1/2)"), ended=Ended.FAILED)
    story.ends("merge:main", ok("Merged back to main"))
    assert texts(pieces(story))[-3:] == ["Probes pass (1/2)", "Afterwards", "Merged back to main"]


def test_an_interruption_is_told_where_the_run_was() -> None:
    story = Story(request(), facts())
    checked(story)
    proven(story)
    tagged(story)
    story.starts("batch:production/web:1")
    story.add(Interrupted(at=story.tick(), signal="SIGINT"))
    story.turns(Course.LEAVE, "interrupted by SIGINT")
    story.ends("batch:production/web:1", warn("Pod 1/3 was left starting"), ended=Ended.STOPPED)
    told = pieces(story)
    assert told[-2:] == [warn("Interrupted by SIGINT"), warn("Pod 1/3 was left starting")]
    assert [p.text for p in told if isinstance(p, Heading)][-1] == "Production deployment"


def test_a_gate_that_was_passed_unobserved_says_so_in_its_place() -> None:
    story = Story(request(), facts())
    checked(story)
    proven(story)
    tagged(story)
    story.does("batch:production/web:1", ok("Pod 1/3 healthy"))
    story.ends("gate:production/web:1", warn("Gate passed unobserved"))
    story.starts("batch:production/web:2")
    story.ends("batch:production/web:2", ok("Pod 2/3 healthy"))
    assert texts(pieces(story))[-3:] == [
        "Pod 1/3 healthy",
        "Gate passed unobserved",
        "Pod 2/3 healthy",
    ]


def test_a_breach_behind_the_last_batch_belongs_to_the_validation() -> None:
    story = Story(request(), facts())
    checked(story)
    proven(story)
    tagged(story)
    batch(story, 1)
    batch(story, 2)
    story.does("batch:production/web:3", ok("Pod 3/3 healthy"))
    story.reaches(BREACHED)
    story.turns(Course.BACK, BREACHED.reason)
    told = pieces(story)
    assert told[-2] == Heading("Post-deploy validation")
    assert told[-1] == fail(
        BREACHED.reason, "error rate 17.50% (baseline: 0.03%)", "p99 latency 220ms (baseline: 195ms)"
    )


def test_a_step_that_is_done_again_holds_back_again() -> None:
    story = Story(request(), facts())
    story.does("worktree")
    story.does("install")
    story.does("check:branch", ok("half"), ended=Ended.STOPPED)
    story.starts("check:branch", "check:tests")
    story.ends("check:tests", ok("Tests pass (47/47)"))
    assert texts(pieces(story)) == ["Pre-flight checks", "half"]


def test_a_failed_batch_is_its_own_reason() -> None:
    story = Story(request(), facts())
    checked(story)
    proven(story)
    tagged(story)
    why = "Pod 1/3 is not healthy: exited with 1"
    story.does("batch:production/web:1", fail(why), ended=Ended.FAILED)
    story.turns(Course.BACK, why)
    assert texts(pieces(story)).count(why) == 1


def test_a_step_that_failed_without_a_word_is_not_passed_over() -> None:
    story = Story(request(), facts())
    checked(story)
    proven(story)
    story.does("tag", ended=Ended.FAILED)
    story.turns(Course.FINISH, "tag")
    assert pieces(story)[-1] == fail("Tag")


def test_no_line_is_lost_or_told_twice_and_no_heading_comes_twice() -> None:
    for make in STORIES:
        story = make()
        told = pieces(story)
        given_lines = [line for event in story.events for line in _lines(event)]
        assert sorted(p.text for p in told if isinstance(p, Line) and p in given_lines) == sorted(
            line.text for line in given_lines
        )
        headings = [p.text for p in told if isinstance(p, Heading)]
        assert len(headings) == len(set(headings))


@given(st.sampled_from(STORIES), st.integers(min_value=1, max_value=200))
def test_an_end_at_any_moment_leaves_nothing_untold(make, cut: int) -> None:  # type: ignore[no-untyped-def]
    story = make()
    story.events = [event for event in story.events[:cut] if not isinstance(event, RunEnded)]
    story.add(RunEnded(at=story.tick(), ending=UNTOUCHED))
    told = pieces(story)
    for event in story.events:
        for line in _lines(event):
            assert line in told
    assert told[-1] == Words("Hotfix stopped before production. Production is untouched: v2.14.3.", 3)


def test_a_hook_at_work_holds_back_nothing_and_the_turn_stands_where_the_run_was() -> None:
    policy = Policy(hooks=("after_rollout", "before_rollback"))
    story = Story(request(), facts(), policy)
    checked(story)
    proven(story)
    tagged(story)
    rolled_out(story)
    story.starts("hook:after_rollout")
    story.turns(Course.BACK, "18 errors in 41 requests")
    story.add(StepsPlanned(at=story.tick(), steps=plan_turn_back("production", policy.hooks), why="it"))
    story.starts("observe", "hook:before_rollback")
    story.ends("observe", ok("Rolling back to v2.14.3"))
    told = pieces(story)
    assert texts(told)[-4:] == [
        "Post-deploy validation",
        "18 errors in 41 requests",
        "Rollback",
        "Rolling back to v2.14.3",
    ]
    story.ends("hook:after_rollout", warn("Hook after_rollout ended with 1"))
    assert texts(pieces(story))[-1] == "Hook after_rollout ended with 1"


def test_channels_that_failed_are_gathered_and_a_late_one_is_still_told() -> None:
    story = Story(request(), facts())
    story.not_told("started")
    story.not_told("gate:production/web:1")
    story.not_told("deployed", "invalid_payload")
    story.add(RunEnded(at=story.tick(), ending=UNTOUCHED))
    told = pieces(story)
    assert told[3:7] == [
        Heading("Afterwards"),
        warn("Slack was not told: no answer in 5 s", "of started, gate:production/web:1"),
        warn("Slack was not told: invalid_payload", "of deployed"),
        Words(""),
    ]
    narrator = Narrator()
    for event in story.events:
        narrator.tell(event)
    late = NoticeFailed(at=story.tick(), notice="r:ended", channel="slack", why="no_service")
    assert narrator.tell(late) == (warn("Slack was not told: no_service", "of ended"),)


def test_the_header_of_another_environment_names_it() -> None:
    story = Story(request("rollback"), facts(action="rollback"))
    assert [p.text for p in pieces(story)] == ["Rollback: production to v2.14.3", f"Current production: {NEW.version}"]


def _lines(event: object) -> tuple[Line, ...]:
    if isinstance(event, StepEnded):
        return event.lines
    return (event.line,) if isinstance(event, StepReported) else ()
