"""Who is told what, at which moment: one message a phase, each with an id that a resume repeats."""

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.events import (
    BREACHED,
    RUN,
    Story,
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
from tests.fakes.scenes import beginning
from tests.fakes.world import World

from hotfix_deploy_runner.core.ending import Ending, ExitCode
from hotfix_deploy_runner.core.events import Interrupted, RunEnded, StepsPlanned
from hotfix_deploy_runner.core.notice import Notice, Severity
from hotfix_deploy_runner.core.notices import notices
from hotfix_deploy_runner.core.plan_back import plan_observation, plan_way_back
from hotfix_deploy_runner.core.run import apply, fold
from hotfix_deploy_runner.core.step import Course, Ended
from hotfix_deploy_runner.core.verdict import Kind, Verdict

STORIES = [good_deploy, errors_rolled_back, failing_test, rollback_asked_of_a_run, rollback_run]


def told(story: Story) -> list[Notice]:
    run = fold(story.events[:1])
    found = list(notices(None, story.events[0], run))
    for event in story.events[1:]:
        before, run = run, apply(run, event)
        found += notices(before, event, run)
    return found


def names(story: Story) -> list[str]:
    return [notice.id.removeprefix(f"{RUN}:") for notice in told(story)]


def named(story: Story, name: str) -> Notice:
    return next(notice for notice in told(story) if notice.id == f"{RUN}:{name}")


def test_a_good_deploy_is_told_phase_by_phase() -> None:
    assert names(good_deploy()) == [
        "started",
        "checks-done",
        "staging-proven",
        "production-started",
        "gate:production/web:1",
        "gate:production/web:2",
        "gate:production/web:3",
        "deployed",
        "ended",
    ]


def test_nothing_in_a_good_deploy_is_more_than_good_news() -> None:
    severities = {notice.id: notice.severity for notice in told(good_deploy())}
    assert set(severities.values()) == {Severity.INFO, Severity.GOOD}
    assert severities[f"{RUN}:deployed"] is severities[f"{RUN}:ended"] is Severity.GOOD


def test_the_first_one_says_what_to_do_should_this_process_die() -> None:
    started = named(good_deploy(), "started")
    assert started.title == "Hotfix v2.14.4 (hotfix/auth-bypass) for production has begun"
    assert started.text == (
        f"By ada on ops-1, run {RUN}.\n"
        "Production runs v2.14.3; commit cccccccccccc.\n"
        f"No automatic rollback if this process dies: hotfix-deploy-runner resume {RUN}"
    )


def test_what_was_overridden_is_told_at_once() -> None:
    started = named(Story(request(reasons={"tests": "known flake"}), facts()), "started")
    assert "Overridden: tests (known flake)." in started.text
    assert started.severity is Severity.WARNING


def test_the_figures_are_in_the_text() -> None:
    story = good_deploy()
    assert named(story, "staging-proven").title == "v2.14.4-rc.1 is proven on staging"
    assert "[OK] Smoke tests pass (12/12)" in named(story, "staging-proven").text
    assert named(story, "production-started").text == "3 instances in 3 batches, from v2.14.3."
    assert named(story, "gate:production/web:2").title == "v2.14.4 on 2 of 3"
    assert named(story, "gate:production/web:2").text.startswith("Error rate 0.00% (baseline: 0.00%)")
    assert named(story, "deployed").text == ("Error rate 0.02% (baseline: 0.03%), p99 latency 180ms (baseline: 195ms).")


def test_a_breach_is_a_page_and_the_rollback_is_told_when_it_is_verified() -> None:
    story = errors_rolled_back()
    assert names(story)[-3:] == ["rolling-back", "rolled-back", "ended"]
    page = named(story, "rolling-back")
    assert page.severity is Severity.CRITICAL
    assert page.title == "Rolling production back to v2.14.3"
    assert page.text.startswith(BREACHED.reason)
    assert "Error rate 17.50% (baseline: 0.03%)" in page.text
    assert named(story, "rolled-back").title == "Production runs v2.14.3 again, verified everywhere"


def test_a_stop_before_production_is_no_page() -> None:
    story = failing_test()
    assert names(story) == ["started", "ended"]
    assert named(story, "ended").severity is Severity.WARNING


def test_only_the_last_word_is_terminal() -> None:
    for make in STORIES:
        found = told(make())
        assert [notice.terminal for notice in found] == [False] * (len(found) - 1) + [True]


def test_a_hold_asks_for_a_human_and_names_the_way_back() -> None:
    story = Story(request(), facts())
    rolled_out(story)
    story.reaches(BREACHED)
    story.turns(Course.FINISH, BREACHED.reason)
    held = named(story, "held")
    assert held.severity is Severity.CRITICAL
    assert held.text.endswith("Way back: rollback-deploy-auto --version v2.14.3")


def test_a_doubtful_verdict_is_live_with_a_warning_and_its_reason() -> None:
    story = Story(request(), facts())
    rolled_out(story)
    story.reaches(Verdict(Kind.BLIND, "no reading for 2 m"))
    story.ends("validate", warn("Error rate: unknown"))
    deployed = named(story, "deployed")
    assert (deployed.severity, deployed.text) == (Severity.WARNING, "No reading for 2 m.")


def test_a_gate_that_saw_nothing_warns() -> None:
    story = Story(request(), facts())
    checked(story)
    proven(story)
    tagged(story)
    story.does("batch:production/web:1", ok("Pod 1/3 healthy"))
    story.ends("gate:production/web:1", warn("Gate production/web:1 passed unobserved"))
    gate = named(story, "gate:production/web:1")
    assert gate.severity is Severity.WARNING
    assert gate.text.endswith("[WARN] Gate production/web:1 passed unobserved")


def test_a_failed_way_back_pages_before_the_run_winds_up_and_is_not_told_as_held() -> None:
    story = Story(request(), facts())
    rolled_out(story)
    story.turns(Course.BACK, "why")
    story.add(StepsPlanned(at=story.tick(), steps=(plan_observation("production"),)))
    story.does("observe", web=False)
    story.add(StepsPlanned(at=story.tick(), steps=plan_way_back("production", story.facts, {"web": False})))
    story.does("restore:production/web", fail("web-2 does not start"), ended=Ended.FAILED)
    story.turns(Course.FINISH, "web-2 does not start")
    assert names(story)[-2:] == ["rolling-back", "needs-human:restore:production/web"]
    page = told(story)[-1]
    assert page.severity is Severity.CRITICAL
    assert page.text == "[FAIL] web-2 does not start\nNext: rollback-deploy-auto --version v2.14.3"


def test_a_way_back_with_nothing_to_restore_is_rolled_back_as_soon_as_that_is_known() -> None:
    story = Story(request(), facts())
    checked(story)
    proven(story)
    tagged(story)
    story.starts("batch:production/web:1")
    story.turns(Course.BACK, "why")
    story.add(StepsPlanned(at=story.tick(), steps=(plan_observation("production"),)))
    story.does("observe", web=True)
    assert "rolled-back" not in names(story)
    story.add(StepsPlanned(at=story.tick(), steps=plan_way_back("production", story.facts, {"web": True})))
    assert names(story)[-1] == "rolled-back"


def test_an_interrupted_rollout_is_a_page() -> None:
    story = Story(request(), facts())
    rolled_out(story)
    story.add(Interrupted(at=story.tick(), signal="SIGTERM"))
    story.turns(Course.LEAVE, "interrupted by SIGTERM")
    story.add(RunEnded(at=story.tick(), ending=Ending(ExitCode.TERMINATED, "Hotfix interrupted.", "Mixed.", "x", True)))
    last = told(story)[-1]
    assert names(story)[-2] == "left"
    # With an id of its own: the run can be gone on with, and then its end is news once more.
    assert last.id.startswith(f"{RUN}:unfinished:")
    assert last.terminal and last.severity is Severity.CRITICAL


def test_ids_come_once_and_are_the_same_when_the_run_is_told_again() -> None:
    for make in STORIES:
        ids = [notice.id for notice in told(make())]
        assert len(ids) == len(set(ids))
        assert ids == [notice.id for notice in told(make())]


@given(st.sampled_from(STORIES), st.integers(min_value=1, max_value=200))
def test_a_longer_story_only_adds_to_what_was_told(make, cut: int) -> None:  # type: ignore[no-untyped-def]
    story, whole = make(), told(make())
    story.events = story.events[:cut]
    part = told(story)
    assert whole[: len(part)] == part


def test_a_rollback_names_its_goal_in_another_environment_too() -> None:
    story = Story(request("rollback"), facts(action="rollback"))
    story.does("artifact")
    story.does("turn:production/web", fail("web-1 does not start"), ended=Ended.FAILED)
    assert told(story)[-1].text.endswith("Next: rollback-deploy-auto --version v2.14.3")
    assert told(story)[-1].title == "Production needs a human: the rollback is incomplete"


def test_two_platforms_are_counted_as_one_production() -> None:
    world = World(beginning({"api": 2, "workers": 3}, metrics=False))
    world.live()
    run = fold(world.events[:1])
    gates: list[str] = []
    for event in world.events[1:]:
        before, run = run, apply(run, event)
        gates += [notice.title for notice in notices(before, event, run) if ":gate:" in notice.id]
    assert gates == [
        "v2.14.4 on 1 of 5",
        "v2.14.4 on 2 of 5",
        "v2.14.4 on 3 of 5",
        "v2.14.4 on 4 of 5",
        "v2.14.4 on 5 of 5",
    ]
