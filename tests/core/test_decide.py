"""The life of a run, tried in a simulated world that obeys `decide`: in many orders, with trouble at any instant.

The laws that every single decision is held to are in `tests/fakes/laws.py`.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.scenes import WATCHING, beginning
from tests.fakes.world import Moment, Trouble, World, after

from hotfix_deploy_runner.core.decide import decide
from hotfix_deploy_runner.core.events import AnyEvent, CourseChanged, StepEnded, StepStarted, VerdictReached
from hotfix_deploy_runner.core.plan import DOCUMENT, VALIDATE, WATCH
from hotfix_deploy_runner.core.run import Progress, Run, apply, fold
from hotfix_deploy_runner.core.step import Course, Ended, Phase, StepId
from hotfix_deploy_runner.core.verdict import Kind

TWO = {"api": 3, "workers": 2}
TAPES = st.lists(st.integers(0, 11), max_size=120)
"""Numbers that choose what happens next. Twelve divides well by the few things that can happen at once."""
MOMENTS = st.integers(1, 90)
"""A happening's number; a run on `TWO` has some seventy when nothing is drawn out."""
MODERATE = settings(max_examples=60, deadline=None)
FEW = settings(max_examples=15, deadline=None)
SIGNALS = {"SIGINT": 130, "SIGTERM": 143}


def lived(world: World) -> World:
    """`world` at the end of its run."""
    world.live()
    return world


def code(world: World) -> int:
    """The exit code that its run ended with."""
    assert world.run.ending is not None
    return int(world.run.ending.code)


def without_times(run: Run) -> dict[str, Any]:
    """What came of a run: everything but when, and but what steps said while they were under way."""
    steps = {
        name: (p.ended, [line for line in p.lines if not line.text.endswith("goes on")], p.found)
        for name, p in run.steps.items()
    }
    return {"steps": steps, "course": run.course, "kind": run.verdict and run.verdict.kind, "ending": run.ending}


def position(events: list[AnyEvent], kind: type[AnyEvent], step: StepId = "") -> int:
    """Where the first event of a kind stands (about a step whose id begins so); past the end when there is none."""
    places = (n for n, e in enumerate(events) if isinstance(e, kind) and getattr(e, "step", "").startswith(step))
    return next(places, len(events))


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


# A step that fails

ASKED = [s.id for s in beginning(TWO, action="rollback").steps]
AHEAD = [s.id for s in beginning(TWO).steps if not s.judged and not s.background]
BACK = ["observe", "restore:production/api", "restore:production/workers", "mark"]
BADLY = st.sampled_from([Ended.FAILED, Ended.STOPPED])
"""A step that stopped unasked is no better than one that failed."""
CODES = {Phase.PREFLIGHT: 3, Phase.STAGING: 3, Phase.PRODUCTION: 3, Phase.AFTERWARDS: 6}


@pytest.mark.slow
@pytest.mark.parametrize("step", AHEAD)
@FEW
@given(tape=TAPES, badly=BADLY, silently=st.booleans())
def test_a_step_that_fails_ends_with_the_code_of_the_table_and_one_version(
    step: StepId, tape: list[int], badly: Ended, silently: bool
) -> None:
    world = lived(World(beginning(TWO), tape, Trouble(frozenset({step}), badly, silently)))
    expected = 4 if step.startswith("batch:") else CODES[world.run.steps[step].step.phase]
    assert code(world) == expected
    assert world.versions == ({"new"} if expected == 6 else {"old"})


@pytest.mark.slow
@pytest.mark.parametrize("step", BACK)
@FEW
@given(tape=TAPES, badly=BADLY, silently=st.booleans())
def test_only_a_restore_that_fails_makes_a_rollback_incomplete(
    step: StepId, tape: list[int], badly: Ended, silently: bool
) -> None:
    """What could not be observed is restored all the same; a mark that git refuses is no half rollback."""
    trouble = Trouble(frozenset({step, "batch:production/workers:2"}), badly, silently)
    world = lived(World(beginning(TWO), tape, trouble))
    assert code(world) == (5 if step.startswith("restore:") else 4)
    assert world.versions == {"old"} or code(world) == 5


@pytest.mark.parametrize(("step", "expected"), [("artifact", 5), ("turn:production/api", 5), ("mark", 0)])
def test_an_asked_rollback_is_done_when_every_platform_has_turned(step: StepId, expected: int) -> None:
    world = lived(World(beginning(TWO, action="rollback"), trouble=Trouble(fails=frozenset({step}))))
    assert code(world) == expected
    assert (world.versions == {"new"}) == (expected == 0)


def test_the_watch_breaking_down_is_a_failure_of_its_phase() -> None:
    """Unwatched, production is not changed; once changed, it goes back."""
    start = beginning(TWO)
    run = fold([start, StepStarted(at=1001, step=WATCH), StepEnded(at=1002, step=WATCH, ended=Ended.FAILED)])
    assert turned(run) is Course.FINISH
    batch = "batch:production/api:1"
    run = apply(run, StepStarted(at=1003, step=batch))
    assert turned(run) is Course.BACK


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["check:security", "install", "build"])
@FEW
@given(tape=TAPES)
def test_no_failure_before_staging_hides_the_result_of_a_check(broken: StepId, tape: list[int]) -> None:
    world = lived(World(beginning(TWO), tape, Trouble(fails=frozenset({broken}))))
    blocked = {"check:tests"} if broken == "install" else set()
    checks = {name: p for name, p in world.run.steps.items() if p.step.phase is Phase.PREFLIGHT and name not in blocked}
    assert {name for name, p in checks.items() if not p.passed} == {broken} & set(checks)


# Somebody asks, or the process is told to stop


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["rollback", "abort"])
@MODERATE
@given(tape=TAPES, moment=MOMENTS, metrics=st.booleans())
def test_a_request_at_any_instant_undoes_what_was_done(verb: str, tape: list[int], moment: int, metrics: bool) -> None:
    world = lived(World(beginning(TWO, metrics=metrics), tape, Trouble(strikes=after(moment), strike=verb)))
    if world.touched_when_struck is None:
        assert code(world) == (0 if metrics else 6)
        return
    assert code(world) == (4 if world.touched_when_struck else 3)
    assert world.versions == {"old"}


@pytest.mark.slow
@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
@MODERATE
@given(tape=TAPES, moment=MOMENTS)
def test_a_signal_at_any_instant_leaves_everything_as_it_is(signal: str, tape: list[int], moment: int) -> None:
    world = lived(World(beginning(TWO), tape, Trouble(strikes=after(moment), strike=signal)))
    ending = world.run.ending
    assert ending is not None
    if world.touched_when_struck is None:
        assert code(world) == 0
        return
    assert (code(world), ending.unfinished) == (SIGNALS[signal], world.touched_when_struck)
    assert not any(p.step.course is Course.BACK for p in world.run.steps.values())
    if not world.touched_when_struck:
        assert world.versions == {"old"}


@MODERATE
@given(tape=TAPES, moment=st.integers(1, 12), strike=st.sampled_from(["SIGINT", "rollback"]))
def test_an_asked_rollback_goes_on_to_its_end(tape: list[int], moment: int, strike: str) -> None:
    world = lived(World(beginning(TWO, action="rollback"), tape, Trouble(strikes=after(moment), strike=strike)))
    assert (code(world), world.versions) == (0, {"new"})


@MODERATE
@given(tape=TAPES, signal=st.sampled_from(["SIGINT", "SIGTERM"]))
def test_a_signal_on_the_way_back_waits_for_the_old_version(tape: list[int], signal: str) -> None:
    def going_back(world: World) -> bool:
        return world.run.course is Course.BACK

    trouble = Trouble(fails=frozenset({"batch:production/api:2"}), strikes=going_back, strike=signal)
    world = lived(World(beginning(TWO), tape, trouble))
    assert world.touched_when_struck
    assert (code(world), world.versions) == (4, {"old"})


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


def verdict(world: World) -> Kind | None:
    """The last verdict of its run."""
    return None if world.run.verdict is None else world.run.verdict.kind


def started(world: World) -> list[Progress]:
    """The steps that were begun."""
    return [p for p in world.run.steps.values() if p.started is not None]


def turned(run: Run) -> Course | None:
    """Where the next decision on `run` turns it."""
    changes = [e for e in decide(run, run.latest).record if isinstance(e, CourseChanged)]
    return changes[0].course if changes else None
