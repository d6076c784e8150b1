"""Gates and the validation: when they end, and what they say."""

import msgspec
import pytest
from tests.fakes.scenes import VERSION, WATCHING, beginning, found

from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.core.events import ReadingTaken, RunStarted, StepEnded, StepStarted
from hotfix_deploy_runner.core.instant import Instant
from hotfix_deploy_runner.core.judging import (
    gate,
    is_breach,
    milliseconds,
    patience,
    percent,
    validate,
    validation_lines,
)
from hotfix_deploy_runner.core.plan import VALIDATE
from hotfix_deploy_runner.core.reading import Cursor, Reading, Sample
from hotfix_deploy_runner.core.run import Run, apply, fold
from hotfix_deploy_runner.core.step import Ended, Step
from hotfix_deploy_runner.core.verdict import Kind, Verdict

BATCH, LAST = "batch:production/api:1", "batch:production/api:3"
NEW = ["api-0/new"]
FLEET = found("api", 3).fleet


def batch_done(start: RunStarted, batch: str = BATCH) -> Run:
    """A run whose batch ended at 1010."""
    begun = StepStarted(at=1001.0, step=batch)
    done = StepEnded(at=1010.0, step=batch, ended=Ended.PASSED, found={"incarnations": NEW})
    return fold([start, begun, done])


def read(run: Run, end: Instant, incarnation: str = NEW[0], errors: int = 0) -> Run:
    """`run` with a reading of the two seconds before `end`."""
    old = Sample("api-1", "api-1/old", "v2.14.3", 1000, 0)
    reading = Reading(end - 2, end, (Sample("api-0", incarnation, VERSION, 1000, errors), old))
    return apply(run, ReadingTaken(at=end, reading=reading, cursor=Cursor(end, {}), fleet=FLEET))


def gate_of(run: Run, batch: str = BATCH) -> Step:
    return run.steps[batch.replace("batch:", "gate:")].step


# Gates


def test_a_gate_waits_for_a_reading_that_covers_its_batch() -> None:
    run = batch_done(beginning())
    assert gate(run, gate_of(run), 1011.0) is None
    assert gate(read(run, 1009.0), gate_of(run), 1011.0) is None, "that reading ended before the batch did"
    assert gate(read(run, 1011.0, "api-0/other"), gate_of(run), 1011.0) is None, "that is another incarnation"
    passed = gate(read(run, 1011.0), gate_of(run), 1011.0)
    assert passed is not None
    assert (passed.lines, passed.verdict) == ((), None)


def test_a_gate_waits_until_readings_cover_min_healthy() -> None:
    start = beginning()
    rolling = msgspec.structs.replace(start.policy.rolling, min_healthy=4.0)
    run = batch_done(msgspec.structs.replace(start, policy=msgspec.structs.replace(start.policy, rolling=rolling)))
    run = read(run, 1012.0)
    assert gate(run, gate_of(run), 1012.0) is None, "two seconds of it"
    run = read(run, 1014.0)
    assert gate(run, gate_of(run), 1014.0) is not None


def test_a_gate_that_nothing_covers_passes_unobserved_and_says_so() -> None:
    run = batch_done(beginning())
    over = patience(run, gate_of(run), 1011.0)
    assert over == 1010.0 + WATCHING.gate_wait
    assert gate(run, gate_of(run), over - 0.001) is None
    passed = gate(run, gate_of(run), over)
    assert passed is not None
    assert [(line.status, line.text) for line in passed.lines] == [
        (Status.WARN, "Gate production/api:1 passed unobserved")
    ]
    assert passed.lines[0].detail == ("no reading covered the batch within 6 s",)


def test_without_metrics_a_gate_is_no_more_than_its_batch() -> None:
    run = batch_done(beginning(metrics=False))
    passed = gate(run, gate_of(run), 1010.0)
    assert passed is not None
    assert passed.lines == ()


def test_the_validation_is_looked_at_again_an_interval_from_now_whenever_that_is() -> None:
    run = batch_done(beginning(), LAST)
    for now in (1010.0, 1012.0, 5000.0):
        assert patience(run, run.steps[VALIDATE].step, now) == now + WATCHING.interval


# The validation


def test_the_validation_waits_for_the_window_and_then_says_how_it_is() -> None:
    run = batch_done(beginning(), LAST)
    for end in (1012.0, 1014.0, 1016.0, 1018.0):
        run = read(run, end)
        assert validate(run, end) is None
    judgement = validate(read(run, 1020.0), 1020.0)
    assert judgement is not None
    assert judgement.verdict is not None
    assert judgement.verdict.kind is Kind.HEALTHY
    assert [line.text for line in judgement.lines] == [
        "Error rate: 0.00% (baseline: 0.00%)",
        "p99 latency: unknown (baseline: unknown)",
    ]


def test_without_metrics_nothing_is_taken_for_good() -> None:
    judgement = validate(batch_done(beginning(metrics=False), LAST), 1010.0)
    assert judgement is not None
    assert judgement.verdict is not None
    assert judgement.verdict.kind is Kind.BLIND
    assert judgement.lines == (Line(Status.WARN, "Nothing was watched", ("no metrics source is configured",)),)


# What turns a run


@pytest.mark.parametrize(
    ("kind", "rolled_out", "on_slow", "expected"),
    [
        (Kind.BREACHED, False, "warn", True),
        (Kind.BREACHED, True, "warn", True),
        (Kind.SLOW, True, "warn", False),
        (Kind.SLOW, True, "rollback", True),
        (Kind.SLOW, False, "rollback", True),
        (Kind.BLIND, False, "warn", True),
        (Kind.BLIND, True, "warn", False),
        *((kind, False, "rollback", False) for kind in (Kind.PENDING, Kind.HEALTHY, Kind.NOT_WORSE, Kind.UNPROVEN)),
        (Kind.QUIET, False, "rollback", False),
    ],
)
def test_which_verdicts_turn_a_run(kind: Kind, rolled_out: bool, on_slow: str, expected: bool) -> None:
    watching = msgspec.convert(msgspec.to_builtins(WATCHING) | {"on_slow": on_slow}, type(WATCHING))
    run = batch_done(beginning(watching=watching), LAST if rolled_out else BATCH)
    assert is_breach(Verdict(kind, "seen"), run, run.latest + watching.blind_for) == expected


def test_blindness_from_before_the_rollout_is_borne_from_the_first_new_instance_on() -> None:
    run = batch_done(beginning(), BATCH)
    assert run.touched_at is not None
    patience = run.touched_at + run.policy.watching.blind_for
    assert not is_breach(Verdict(Kind.BLIND, "seen"), run, patience - 0.1)
    assert is_breach(Verdict(Kind.BLIND, "seen"), run, patience)


# The contract's lines


def lines(kind: Kind) -> list[tuple[Status, str, tuple[str, ...]]]:
    verdict = Verdict(kind, "because", 0.0002, 0.0003, 0.18, 0.195)
    return [(line.status, line.text, line.detail) for line in validation_lines(verdict)]


RATE, SPEED = "Error rate: 0.02% (baseline: 0.03%)", "p99 latency: 180ms (baseline: 195ms)"


def test_a_healthy_release_is_told_in_the_words_of_the_contract() -> None:
    assert lines(Kind.HEALTHY) == [(Status.OK, RATE, ()), (Status.OK, SPEED, ())]


@pytest.mark.parametrize("kind", [Kind.NOT_WORSE, Kind.UNPROVEN, Kind.QUIET])
def test_a_doubt_about_errors_stands_at_the_rate(kind: Kind) -> None:
    assert lines(kind) == [(Status.WARN, RATE, ("because",)), (Status.OK, SPEED, ())]


def test_slowness_stands_at_the_latency() -> None:
    assert lines(Kind.SLOW) == [(Status.OK, RATE, ()), (Status.WARN, SPEED, ("because",))]


def test_blindness_shows_no_figures_at_all() -> None:
    assert lines(Kind.BLIND) == [(Status.WARN, "Error rate: unknown", ("because",))]


@pytest.mark.parametrize(("rate", "text"), [(None, "unknown"), (0.0, "0.00%"), (0.0002, "0.02%"), (1.0, "100.00%")])
def test_rates_in_percent(rate: float | None, text: str) -> None:
    assert percent(rate) == text


@pytest.mark.parametrize(("seconds", "text"), [(None, "unknown"), (0.18, "180ms"), (2.5, "2500ms"), (0.0004, "0ms")])
def test_latencies_in_milliseconds(seconds: float | None, text: str) -> None:
    assert milliseconds(seconds) == text
