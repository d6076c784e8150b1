"""The marks and the bounds that explain a chart."""

import pytest
from tests.fakes.events import (
    BREACHED,
    Story,
    errors_rolled_back,
    facts,
    failing_test,
    good_deploy,
    request,
    rollback_asked_of_a_run,
    rollback_run,
    rolled_out,
)

from hotfix_deploy_runner.core.bounds import Bounds, bounds
from hotfix_deploy_runner.core.events import StepEnded, StepStarted
from hotfix_deploy_runner.core.marks import Mark, What, marks
from hotfix_deploy_runner.core.policy import Policy, Watching
from hotfix_deploy_runner.core.run import fold
from hotfix_deploy_runner.core.step import Course


def of(story: Story) -> tuple[Mark, ...]:
    return marks(fold(story.events), story.events)


def labels(story: Story) -> list[str]:
    return [mark.label for mark in of(story)]


def test_a_good_deploy_is_tagged_goes_in_and_is_judged() -> None:
    assert labels(good_deploy()) == ["tagged", "1/3", "2/3", "3/3", "all new", "healthy"]


def test_a_breach_turns_in_the_middle_of_a_batch_and_is_restored() -> None:
    story = errors_rolled_back()
    assert labels(story) == ["tagged", "1/3", "2/3", "breached", "rollback", "restored"]
    at = {mark.label: mark.at for mark in of(story)}
    events = {(type(e), e.step): e.at for e in story.events if isinstance(e, StepStarted | StepEnded)}
    assert at["tagged"] == events[StepEnded, "tag"]
    assert at["1/3"] == events[StepStarted, "batch:production/web:1"]
    assert at["restored"] == events[StepEnded, "restore:production/web"]
    assert list(at.values()) == sorted(at.values())


def test_the_candidate_s_tag_is_no_mark_of_production() -> None:
    assert sum(mark.what is What.TAG for mark in of(good_deploy())) == 1


def test_a_rollback_that_was_asked_for_has_no_verdict() -> None:
    assert labels(rollback_asked_of_a_run())[-2:] == ["rollback", "restored"]
    assert labels(rollback_run()) == ["restored"]


def test_a_stop_before_production_is_no_hold() -> None:
    assert labels(failing_test()) == ["stopped"]
    story = Story(request(), facts())
    rolled_out(story)
    story.turns(Course.FINISH, BREACHED.reason)
    assert labels(story)[-1] == "held"


def test_the_bounds_are_those_of_the_verdict() -> None:
    known = bounds(fold(errors_rolled_back().events))
    assert known == Bounds(0.0003, 0.05, 0.195, known.p99_limit)
    assert known.p99_limit == pytest.approx(0.39)


def test_without_a_verdict_they_are_what_was_read() -> None:
    story = Story(request(), facts(), Policy(watching=Watching(p99_ratio=0.1, p99_floor=0.07)))
    rolled_out(story)
    known = bounds(fold(story.events))
    assert known.baseline_error_rate == 0.0 and known.error_rate_limit == 0.05
    assert known.baseline_p99 is not None and known.p99_limit == 0.07


def test_nothing_measured_has_a_limit_but_no_baseline() -> None:
    assert bounds(fold(failing_test().events)) == Bounds(None, 0.05, None, None)
    assert bounds(fold(rollback_run().events)) == Bounds()
