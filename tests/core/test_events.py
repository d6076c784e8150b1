"""Events as they stand in the journal: what is written is read as the same."""

import json
import typing

import msgspec
import pytest
from tests.fakes.scenes import beginning, facts, found

from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.core.ending import Ending, ExitCode
from hotfix_deploy_runner.core.events import (
    AnyEvent,
    CourseChanged,
    CutOff,
    Interrupted,
    NoticeFailed,
    NoticeTold,
    ReadingMissed,
    ReadingTaken,
    Reconnected,
    RequestReceived,
    Resumed,
    RunEnded,
    StepEnded,
    StepReported,
    StepsPlanned,
    StepStarted,
    TakenOver,
    VerdictReached,
    from_json,
    to_json,
)
from hotfix_deploy_runner.core.plan_back import plan_end, plan_way_back
from hotfix_deploy_runner.core.reading import Cursor, Histogram, Reading, Sample
from hotfix_deploy_runner.core.step import Course, Ended
from hotfix_deploy_runner.core.verdict import Kind, Verdict

FLEET = found("api", 2).fleet
LATENCY = Histogram((0.1, 0.5, None), (10, 3, 1))
READING = Reading(1.0, 3.0, (Sample("api-0", "api-0/old", "v2.14.3", 14, 1, LATENCY),), {"api-1": "refused"})
ENDING = Ending(ExitCode.INTERRUPTED, "Interrupted.", "Mixed.", "rollback-deploy-auto", unfinished=True)
EVENTS: list[AnyEvent] = [
    beginning({"api": 3, "workers": 2}),
    StepsPlanned(at=2.0, steps=(*plan_way_back("production", facts({"api": 2}), {}), *plan_end()), why="seen"),
    StepStarted(at=3.0, step="build"),
    StepReported(at=3.5, step="build", line=Line(Status.WARN, "“slow” – 50 %", ("first", "second"))),
    StepEnded(at=4.0, step="build", ended=Ended.PASSED, found={"artifact": "sha256:1", "size": 3, "files": ["a"]}),
    ReadingTaken(at=5.0, reading=READING, cursor=Cursor(3.0, {"api-0": {"total": 14}}), fleet=FLEET),
    ReadingMissed(at=6.0, why="no answer", fleet=FLEET),
    VerdictReached(at=7.0, verdict=Verdict(Kind.BREACHED, "bad", 0.5, 0.0, figures={"errors": 7})),
    CourseChanged(at=8.0, course=Course.BACK, why="bad"),
    RequestReceived(at=9.0, request="q1", verb="abort", by="bob", reason="enough"),
    Interrupted(at=10.0, signal="SIGTERM"),
    Resumed(at=10.4, by="bob", host="h2", fence=2, accepted=("watch.window: 10.0, was 600.0",)),
    TakenOver(at=10.5, why="run r2 has taken over"),
    CutOff(at=10.6, why="the remote origin does not answer"),
    Reconnected(at=10.7),
    NoticeTold(at=11.0, notice="r1:started", channel="slack", thread={"ts": "1.2"}),
    NoticeTold(at=11.5, notice="r1:started", channel="mail"),
    NoticeFailed(at=12.0, notice="r1:ended", channel="slack", why="timed out"),
    RunEnded(at=13.0, ending=ENDING),
]


def test_every_kind_of_event_is_tried_here() -> None:
    assert {type(event) for event in EVENTS} == set(typing.get_args(AnyEvent))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_survives_json(event: AnyEvent) -> None:
    assert from_json(to_json(event)) == event


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_one_line_that_names_its_kind(event: AnyEvent) -> None:
    text = to_json(event)
    assert b"\n" not in text
    plain = json.loads(text)
    assert plain["event"] == event.__struct_config__.tag
    assert plain["at"] == event.at


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_what_is_read_is_written_the_same(event: AnyEvent) -> None:
    """Sets have no order of their own: in JSON they have."""
    assert to_json(from_json(to_json(event))) == to_json(event)


def test_the_last_edge_of_a_histogram_is_null() -> None:
    assert json.loads(to_json(EVENTS[5]))["reading"]["samples"][0]["latency"]["edges"] == [0.1, 0.5, None]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"event":"party","at":1}',
        '{"event":"step-started","at":1}',
        '{"event":"step-started","at":"noon","step":"build"}',
        '{"event":"step-ended","at":1,"step":"build","ended":"somehow"}',
        '{"event":"request-received","at":1,"request":"q","verb":"dance","by":"bob"}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        from_json(text)


def test_a_field_of_a_later_version_is_no_obstacle() -> None:
    assert from_json('{"event":"step-started","at":1,"step":"build","mood":"fine"}') == StepStarted(at=1, step="build")


def test_an_event_is_a_fact_and_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        EVENTS[2].at = 5.0  # type: ignore[misc]
