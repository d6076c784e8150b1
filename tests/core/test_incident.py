"""The incident as data: times, timeline, checks, measurements, who was told, what was skipped."""

import json

import pytest
from tests.fakes.events import (
    BREACHED,
    NEW,
    OLD,
    RUN,
    START,
    Story,
    checked,
    errors_rolled_back,
    facts,
    failing_test,
    good_deploy,
    proven,
    request,
    rollback_asked_of_a_run,
    rollback_run,
    tagged,
    warn,
)

from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.core.events import (
    CourseChanged,
    ReadingMissed,
    ReadingTaken,
    RunEnded,
    StepEnded,
    VerdictReached,
)
from hotfix_deploy_runner.core.fleet import Fleet
from hotfix_deploy_runner.core.incident import Exemption, Incident, incident, to_json
from hotfix_deploy_runner.core.step import Course


def of(story: Story) -> Incident:
    return incident(story.events)


def at(story: Story, kind: type, **found: object) -> float:
    """When the first such event was."""
    return next(e.at for e in story.events if isinstance(e, kind) and all(getattr(e, k) == v for k, v in found.items()))


def test_the_times_of_a_good_deploy() -> None:
    story = good_deploy()
    times = of(story).times
    assert times.to_deploy == pytest.approx(at(story, StepEnded, step="batch:production/web:3") - START)
    assert (times.to_detect, times.to_recover) == (None, None)


def test_the_times_of_a_breach() -> None:
    story = errors_rolled_back()
    times = of(story).times
    readings = [e.reading for e in story.events if isinstance(e, ReadingTaken)]
    first = next(reading.start for reading in readings if any(s.errors for s in reading.samples))
    turned = at(story, CourseChanged)
    assert times.to_detect == pytest.approx(at(story, VerdictReached) - first)
    assert times.to_recover == pytest.approx(at(story, StepEnded, step="restore:production/web") - turned)
    assert times.to_detect and times.to_recover
    assert times.to_deploy is None


def test_errors_of_the_old_version_do_not_start_the_clock() -> None:
    story = errors_rolled_back()
    reading = next(e for e in story.events if isinstance(e, ReadingTaken))
    assert not any(s.version == NEW.version for s in reading.reading.samples)
    old = type(reading.reading.samples[0])("web-1", "x", OLD.version, 10, 5)
    index = story.events.index(reading)
    plain = of(story).times.to_detect
    story.events[index] = ReadingTaken(
        at=reading.at,
        reading=type(reading.reading)(reading.reading.start, reading.reading.end, (old,)),
        cursor=reading.cursor,
        fleet=reading.fleet,
    )
    assert of(story).times.to_detect == plain


def test_a_rollback_that_was_asked_for_recovers_and_detects_nothing() -> None:
    asked = of(rollback_asked_of_a_run()).times
    assert asked.to_detect is None and asked.to_recover is not None
    story = rollback_run()
    assert of(story).times.to_recover == pytest.approx(at(story, StepEnded, step="turn:production/web") - START)


def test_the_timeline_is_in_order_and_has_every_line_once() -> None:
    known = of(errors_rolled_back())
    assert [m.at for m in known.timeline] == sorted(m.at for m in known.timeline)
    said = [m.what for m in known.timeline]
    for text in ("Tests pass (47/47)", "Pod 1/3 healthy", "Verdict: breached", "Rolled back to v2.14.3 (3 pods)"):
        assert said.count(text) == 1
    assert said[0] == "ada started the hotfix v2.14.4 for production, which ran v2.14.3"
    assert "Batch 2 of production/web stopped" in said
    assert "Watch stopped" not in said
    assert not any("Incident document" in text for text in said)


def test_the_reason_of_a_verdict_is_not_repeated_by_the_turn() -> None:
    details = [detail for m in of(errors_rolled_back()).timeline for detail in m.detail]
    assert details.count(BREACHED.reason) == 1
    last = of(errors_rolled_back()).timeline[-1]
    assert (last.status, last.what) == (Status.WARN, "Production runs v2.14.3 again, verified everywhere.")
    assert of(good_deploy()).timeline[-1].what == "Hotfix v2.14.4 deployed successfully."


def test_missed_readings_in_a_row_are_one_entry() -> None:
    story = Story(request(), facts())
    checked(story)
    proven(story)
    tagged(story)
    for why in ("refused", "refused", "refused"):
        story.add(ReadingMissed(at=story.tick(), why=why, fleet=Fleet()))
    story.reads(on_new=0)
    story.add(ReadingMissed(at=story.tick(), why="no answer", fleet=Fleet()))
    missed = [m.detail for m in of(story).timeline if m.what == "Production could not be measured"]
    assert missed == [("refused",), ("no answer",)]


def test_what_changed_comes_from_the_clean_tree() -> None:
    known = of(good_deploy())
    assert [(c.commit, c.author) for c in known.commits] == [("c" * 40, "Ada")]
    assert "2 files changed" in known.diffstat


def test_every_check_has_its_result_also_when_it_never_answered() -> None:
    known = of(failing_test())
    assert [(c.name, c.status) for c in known.checks] == [
        ("branch", Status.OK),
        ("tests", Status.FAIL),
        ("security", Status.OK),
        ("migrations", Status.OK),
        ("smoke tests", Status.SKIP),
        ("staging's health", Status.SKIP),
    ]
    assert known.checks[-1].lines == ()


def test_a_warning_check_is_not_told_as_ok() -> None:
    story = Story(request(), facts())
    story.does("check:branch", warn("Will not merge back without conflict"))
    assert of(story).checks[0].status is Status.WARN


def test_the_series_hold_every_request_that_was_read() -> None:
    story = errors_rolled_back()
    known = of(story)
    samples = [s for e in story.events if isinstance(e, ReadingTaken) for s in e.reading.samples]
    for line in known.series:
        assert line.requests == sum(s.requests for s in samples if s.version == line.version)
        assert line.errors == sum(s.errors for s in samples if s.version == line.version)
    assert [line.version for line in known.series] == ["v2.14.3", "v2.14.4"]
    rates = [point.error_rate for point in known.series[1].points]
    assert rates == [0.0, 8 / 40, 20 / 80]
    # A twentieth of the requests lies in the bucket from 100 to 250 ms, the slowest: 99 % is four fifths into it.
    assert known.series[1].points[0].p99 == pytest.approx(0.1 + 0.15 * 0.8)


def test_who_was_told_and_who_was_not() -> None:
    told = of(errors_rolled_back()).tellings
    assert [(t.notice, t.channel, t.why) for t in told] == [
        ("rolling-back", "slack", ""),
        ("rolled-back", "slack", "no answer in 5 s"),
    ]


def test_what_was_skipped_and_why() -> None:
    story = Story(request(reasons={"tests": "known flake"}), facts())
    story.does("check:security", Line(Status.SKIP, "Security scan skipped", ("no scanner", "is installed")))
    assert of(story).exemptions == (
        Exemption("tests", "known flake"),
        Exemption("Security scan skipped", "no scanner is installed"),
    )


def test_while_it_winds_up_the_ending_is_the_one_to_come() -> None:
    story = errors_rolled_back()
    story.events = [event for event in story.events if not isinstance(event, RunEnded)]
    known = of(story)
    assert not known.over
    assert known.ending and known.ending.code == 4
    assert of(errors_rolled_back()).over


def test_the_title_says_what_it_was() -> None:
    assert of(good_deploy()).title == "Hotfix v2.14.4 for production (hotfix/auth-bypass)"
    assert of(rollback_run()).title == "Rollback of production to v2.14.3"


def test_it_is_json() -> None:
    for story in (good_deploy(), errors_rolled_back(), failing_test(), rollback_run()):
        known = json.loads(to_json(of(story)))
        assert known["run"] == RUN
        assert known["notes"] == {"incident": "", "impact": "", "root_cause": "", "lessons": ""}


def test_no_run_is_no_incident() -> None:
    with pytest.raises(ValueError, match="run-started"):
        incident(good_deploy().events[1:])


def test_a_turn_without_a_verdict_tells_its_reason() -> None:
    story = rollback_asked_of_a_run()
    turn = next(m for m in of(story).timeline if m.what.startswith("Turned back"))
    assert turn.detail == ("rollback asked for by bob: customers see 500s",)
    assert any(isinstance(e, CourseChanged) and e.course is Course.BACK for e in story.events)
