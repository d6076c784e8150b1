"""Times to detect, to deploy, to recover: right for every way in which a run can go, or not told at all."""

import pytest
from tests.fakes.events import (
    BREACHED,
    START,
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
    way_back,
)

from hotfix_deploy_runner.core.events import (
    CourseChanged,
    Interrupted,
    ReadingTaken,
    RequestReceived,
    StepEnded,
    StepsPlanned,
    StepStarted,
)
from hotfix_deploy_runner.core.facts import Request
from hotfix_deploy_runner.core.plan_back import plan_observation, plan_way_back
from hotfix_deploy_runner.core.run import fold
from hotfix_deploy_runner.core.step import Course, Ended
from hotfix_deploy_runner.core.times import Times, times


def of(story: Story) -> Times:
    return times(fold(story.events), story.events)


def at(story: Story, kind: type, **found: object) -> float:
    """When the first such event was."""
    return next(e.at for e in story.events if isinstance(e, kind) and all(getattr(e, k) == v for k, v in found.items()))


def test_a_good_deploy_takes_as_long_as_until_the_last_new_instance() -> None:
    story = good_deploy()
    found = of(story)
    assert found.to_deploy == pytest.approx(at(story, StepEnded, step="batch:production/web:3") - START)
    assert found.to_detect is None and found.to_recover is None


def test_a_run_that_stopped_before_production_has_none() -> None:
    assert of(failing_test()) == Times()


def test_detection_begins_with_the_reading_that_holds_the_first_error() -> None:
    story = errors_rolled_back()
    readings = [e.reading for e in story.events if isinstance(e, ReadingTaken)]
    first = next(r for r in readings if any(s.errors for s in r.samples))
    turned = at(story, CourseChanged)
    found = of(story)
    assert found.to_detect == pytest.approx(turned - first.start)
    assert found.to_recover == pytest.approx(at(story, StepEnded, step="restore:production/web") - turned)
    assert found.to_deploy is None


def half_way(why: str = "Pod 2/3 did not become healthy") -> Story:
    """One new instance is in, and the second batch fails without an error in any reading."""
    story = Story(request(), facts())
    checked(story)
    proven(story)
    tagged(story)
    batch(story, 1)
    story.does("batch:production/web:2", fail(why), ended=Ended.FAILED)
    story.turns(Course.BACK, why)
    return story


def test_trouble_without_an_error_was_there_since_the_first_batch() -> None:
    story = half_way()
    first = at(story, StepStarted, step="batch:production/web:1")
    assert of(story).to_detect == pytest.approx(at(story, CourseChanged) - first)


def test_a_way_back_that_is_not_over_has_no_time_to_recover() -> None:
    story = half_way()
    assert of(story).to_recover is None
    story.add(StepsPlanned(at=story.tick(), steps=(plan_observation("production"),)))
    story.does("observe", web=False)
    story.add(StepsPlanned(at=story.tick(), steps=plan_way_back("production", story.facts, {"web": False})))
    story.does("restore:production/web", fail("one is lost"), ended=Ended.FAILED)
    assert of(story).to_recover is None


def test_where_nothing_was_left_to_restore_the_observation_is_the_recovery() -> None:
    story = half_way()
    story.add(StepsPlanned(at=story.tick(), steps=(plan_observation("production"),)))
    story.does("observe", web=True)
    assert of(story).to_recover is None, "not decided yet"
    story.add(StepsPlanned(at=story.tick(), steps=plan_way_back("production", story.facts, {"web": True})))
    turned = at(story, CourseChanged)
    assert of(story).to_recover == pytest.approx(at(story, StepEnded, step="observe") - turned)


def test_what_a_person_asked_for_nobody_detected() -> None:
    found = of(rollback_asked_of_a_run())
    assert found.to_detect is None
    assert found.to_deploy is not None and found.to_recover is not None


def test_who_asks_after_the_turn_does_not_take_the_detection_away() -> None:
    story = errors_rolled_back()
    before = of(story).to_detect
    assert before is not None
    story.events.insert(-1, RequestReceived(at=story.now, request="q", verb="rollback", by="bob"))
    assert of(story).to_detect == before


def test_an_interruption_detects_nothing() -> None:
    story = Story(request(), facts())
    checked(story)
    proven(story)
    tagged(story)
    batch(story, 1)
    story.add(Interrupted(at=story.tick(), signal="SIGINT"))
    story.turns(Course.LEAVE, "interrupted by SIGINT")
    assert of(story) == Times()


def test_a_release_that_is_held_was_detected_and_recovers_only_when_it_is_rolled_back() -> None:
    story = Story(request(), facts())
    rolled_out(story)
    story.reads(on_new=3, errors=20)
    story.reaches(BREACHED)
    story.turns(Course.FINISH, BREACHED.reason)
    held = of(story)
    assert held.to_detect == pytest.approx(2.0)
    assert held.to_recover is None
    story.add(RequestReceived(at=story.tick(60.0), request="q", verb="rollback", by="bob"))
    story.turns(Course.BACK, "rollback asked for by bob")
    way_back(story)
    again = of(story)
    assert again.to_detect == held.to_detect
    turned = at(story, CourseChanged, course=Course.BACK)
    assert again.to_recover == pytest.approx(at(story, StepEnded, step="restore:production/web") - turned)


def test_a_rollback_of_its_own_recovers_from_its_start() -> None:
    story = rollback_run()
    found = of(story)
    assert found.to_recover == pytest.approx(at(story, StepEnded, step="turn:production/web") - START)
    assert found.to_detect is None and found.to_deploy is None


def test_staging_alone_is_deployed_when_the_candidate_is_there() -> None:
    story = Story(Request("deploy", "staging", "hotfix/auth-bypass"), facts())
    story.does("staging-deploy", ok("Deployed to staging (v2.14.4-rc.1)"))
    found = of(story)
    assert found.to_deploy == pytest.approx(at(story, StepEnded, step="staging-deploy") - START)
    assert found.to_detect is None and found.to_recover is None
