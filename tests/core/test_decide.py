"""The life of a run, tried in a simulated world that obeys `decide`: in many orders, with trouble at any instant.

The laws that every single decision is held to are in `tests/fakes/laws.py`.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.lives import (
    AHEAD,
    BACK,
    BADLY,
    FEW,
    MODERATE,
    MOMENTS,
    TAPES,
    TWO,
    code,
    lived,
    position,
    started,
    verdict,
    without_times,
)
from tests.fakes.scenes import WATCHING, beginning
from tests.fakes.world import Moment, Trouble, World, after

from hotfix_deploy_runner.core.decide import decide
from hotfix_deploy_runner.core.events import CourseChanged, StepEnded, StepStarted, VerdictReached
from hotfix_deploy_runner.core.plan import VALIDATE, WATCH
from hotfix_deploy_runner.core.plan_back import DOCUMENT
from hotfix_deploy_runner.core.run import apply, fold
from hotfix_deploy_runner.core.step import Course, Ended, Phase, Step, StepId
from hotfix_deploy_runner.core.verdict import Kind

# One ending, in whatever order


@pytest.mark.slow
@pytest.mark.parametrize("metrics", [True, False])
@pytest.mark.parametrize("target", ["production", "staging"])
@MODERATE
@given(tape=TAPES)
def test_any_order_of_what_goes_on_side_by_side_leads_to_the_same_run(
    target: str, metrics: bool, tape: list[int]
) -> None:
    start = beginning(TWO, target=target, metrics=metrics)
    assert without_times(lived(World(start, tape)).run) == without_times(lived(World(start)).run)


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        ({}, 0),
        ({"platforms": TWO}, 0),
        ({"platforms": {"api": 1}}, 0),
        ({"staging": False}, 0),
        ({"target": "staging"}, 0),
        ({"metrics": False}, 6),
        ({"merge_into": ("main", "develop")}, 0),
        ({"action": "rollback", "platforms": TWO}, 0),
    ],
)
def test_a_run_in_which_all_goes_well(scene: dict[str, Any], expected: int) -> None:
    world = lived(World(beginning(**scene)))
    assert code(world) == expected
    assert all(p.passed or p.step.background for p in world.run.steps.values())
    assert world.versions == ({"old"} if scene.get("target") == "staging" else {"new"})


@MODERATE
@given(tape=TAPES)
def test_an_asked_rollback_ends_the_same_in_any_order(tape: list[int]) -> None:
    start = beginning(TWO, action="rollback")
    world = lived(World(start, tape))
    assert without_times(world.run) == without_times(lived(World(start)).run)
    assert (code(world), world.versions) == (0, {"new"})


# A breach


@pytest.mark.slow
@MODERATE
@given(tape=TAPES, platforms=st.sampled_from([{"api": 2}, {"api": 3}, TWO]))
def test_half_of_the_requests_failing_from_the_start_ends_rolled_back(
    tape: list[int], platforms: dict[str, int]
) -> None:
    world = lived(World(beginning(platforms), tape, Trouble(bad=after(0))))
    assert (code(world), world.versions) == (4, {"old"})
    assert verdict(world) is Kind.BREACHED
    assert position(world.events, VerdictReached) < position(world.events, CourseChanged)
    assert position(world.events, VerdictReached) < position(world.events, StepStarted, "restore:")


@pytest.mark.parametrize(("baseline", "expected"), [(True, 4), (False, 6)])
def test_a_single_instance_is_rolled_back_only_if_it_is_known_to_have_been_better(
    baseline: bool, expected: int
) -> None:
    """Without one reading of the old version nobody knows whether a rollback would help: a human is told."""

    def measured_first() -> Iterator[int]:
        while not world.run.steps[WATCH].running:
            yield 0
        yield from [-1] * (5 if baseline else 0)

    world = World(beginning({"api": 1}), measured_first(), Trouble(bad=after(0)))
    world.live()
    assert code(world) == expected


@pytest.mark.slow
@MODERATE
@given(tape=TAPES, moment=MOMENTS)
def test_a_breach_that_begins_at_any_instant_leaves_one_version(tape: list[int], moment: int) -> None:
    """Too late in the window it is not conclusive any more: then the new version stays, everywhere."""
    world = lived(World(beginning(TWO), tape, Trouble(bad=after(moment))))
    breached = verdict(world) is Kind.BREACHED
    assert (code(world) == 4) == breached
    assert world.versions == ({"old"} if breached else {"new"})
    assert position(world.events, VerdictReached) < position(world.events, StepStarted, "restore:") or not breached


def test_a_breach_while_a_batch_is_in_flight_drains_it_before_anything_is_restored() -> None:
    """The batch goes on by one instance after it was told to stop, as a real drain does."""

    def drags() -> Iterator[int]:
        while not world.run.steps[second].running:
            yield 0  # the first step under way ends
        while world.run.course is Course.FORWARD:
            yield -1  # time passes, readings come
        yield 2  # one more instance is shifted

    second = "batch:production/api:2"
    world = World(beginning({"api": 4}, batches=("1", "100%")), drags(), Trouble(bad=after(0)))
    world.live()
    batch, restore = world.run.steps[second], world.run.steps["restore:production/api"]
    assert batch.ended is Ended.STOPPED
    assert batch.ended_at is not None
    assert restore.started is not None
    assert restore.started >= batch.ended_at
    assert (code(world), world.versions) == (4, {"old"})


def rolled_out(world: World) -> bool:
    return world.run.rolled_out


@pytest.mark.parametrize(("moment", "held", "versions"), [(after(0), 5, {"old", "new"}), (rolled_out, 6, {"new"})])
def test_on_breach_hold_stops_and_leaves_what_runs(moment: Moment, held: int, versions: set[str]) -> None:
    watching = msgspec.structs.replace(WATCHING, on_breach="hold")
    world = lived(World(beginning(TWO, watching=watching), trouble=Trouble(bad=moment)))
    assert (code(world), world.versions) == (held, versions)
    assert not any(p.step.course is Course.BACK or p.step.does == "merge" for p in started(world))


def test_blindness_rolls_back_what_is_mixed_and_keeps_what_is_all_new() -> None:
    def first_batch(world: World) -> bool:
        return world.run.touched

    slow_gates = msgspec.structs.replace(WATCHING, gate_wait=60.0)
    mixed = lived(World(beginning(TWO, watching=slow_gates), trouble=Trouble(blind=first_batch)))
    assert (code(mixed), mixed.versions, verdict(mixed)) == (4, {"old"}, Kind.BLIND)
    whole = lived(World(beginning(TWO), trouble=Trouble(blind=rolled_out)))
    assert (code(whole), whole.versions, verdict(whole)) == (6, {"new"}, Kind.BLIND)


def test_blindness_is_no_breach_to_be_held() -> None:
    """Holding is for a release that is known to be bad; a fleet that is mixed and unseen goes back all the same."""
    watching = msgspec.structs.replace(WATCHING, on_breach="hold", gate_wait=60.0)
    world = lived(World(beginning(TWO, watching=watching), trouble=Trouble(blind=lambda world: world.run.touched)))
    assert (code(world), world.versions, verdict(world)) == (4, {"old"}, Kind.BLIND)


def test_two_that_are_ready_at_once_and_touch_the_same_go_one_after_the_other() -> None:
    one, other = (Step(name, "tag", Phase.PREFLIGHT, touches=frozenset({"git", name})) for name in ("one", "other"))
    beside = Step("beside", "check", Phase.PREFLIGHT)
    start = msgspec.structs.replace(beginning(), steps=(one, other, beside))
    assert decide(fold([start]), start.at).start == (one, beside)
    begun = StepStarted(at=start.at, step="one")
    assert decide(fold([start, begun, StepStarted(at=start.at, step="beside")]), start.at).start == ()
    passed = StepEnded(at=start.at, step="one", ended=Ended.PASSED)
    assert decide(fold([start, begun, passed]), start.at).start == (other, beside)


# Any state at all


@pytest.mark.slow
@MODERATE
@given(
    tape=TAPES,
    metrics=st.booleans(),
    badly=BADLY,
    fails=st.frozensets(st.sampled_from([*AHEAD, *BACK, DOCUMENT]), max_size=3),
    bad=MOMENTS,
    strikes=MOMENTS,
    strike=st.sampled_from(["rollback", "abort", "SIGINT", "SIGTERM"]),
)
def test_whatever_comes_together_the_ending_tells_the_truth(
    tape: list[int], metrics: bool, badly: Ended, fails: frozenset[StepId], bad: int, strikes: int, strike: str
) -> None:
    """Several troubles at once. The world also checks that every run ends, and each decision against the laws."""
    trouble = Trouble(fails, badly, bad=after(bad), strikes=after(strikes), strike=strike)
    world = lived(World(beginning(TWO, metrics=metrics), tape, trouble))
    truth = {0: [{"new"}], 3: [{"old"}], 4: [{"old"}], 6: [{"new"}]}
    assert world.versions in truth.get(code(world), [{"old"}, {"new"}, {"old", "new"}])
    if code(world) == 0:
        assert world.run.passed(VALIDATE)
        assert all(p.passed or p.step.background for p in world.run.steps.values())


@pytest.mark.slow
@FEW
@given(
    tape=TAPES, trouble=st.sampled_from([Trouble(), Trouble(bad=after(0)), Trouble(strikes=after(40), strike="SIGINT")])
)
def test_every_beginning_of_a_journal_can_be_decided_on(tape: list[int], trouble: Trouble) -> None:
    """As after a crash at that instant: now, and much later."""
    world = lived(World(beginning(TWO), tape, trouble))
    run = fold(world.events[:1])
    for event in world.events[1:]:
        run = apply(run, event)
        decide(run, event.at)
        decide(run, event.at + 3600)


def test_a_run_that_is_over_stays_over() -> None:
    world = lived(World(beginning()))
    decision = decide(world.run, world.now + 10**6)
    assert decision.over == world.run.ending
    assert not (decision.record or decision.start or decision.stop)
