"""The last words of a run: true, and with the one command to run next."""

import msgspec
import pytest
from tests.fakes.scenes import beginning

from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.core.conclude import conclude, proven, rollback_command
from hotfix_deploy_runner.core.ending import Ending
from hotfix_deploy_runner.core.plan import PROBES, plan_probes
from hotfix_deploy_runner.core.plan_back import plan_way_back
from hotfix_deploy_runner.core.progress import Progress
from hotfix_deploy_runner.core.run import Run, begin
from hotfix_deploy_runner.core.step import Course, Ended, StepId
from hotfix_deploy_runner.core.verdict import Kind, Verdict

HEALTHY = Verdict(Kind.HEALTHY, "the limits held")
BATCHES = ["batch:production/api:1", "batch:production/api:2", "batch:production/api:3"]
ROLLBACK = "rollback-deploy-auto --version v2.14.3"
RESUME = "hotfix-deploy-runner resume r1"


def the(run: Run, **changes: object) -> Run:
    """`run` with these fields."""
    return msgspec.structs.replace(run, **changes)


def with_steps(run: Run, how: Ended | None, *names: StepId, said: str = "") -> Run:
    """`run` with these steps ended so; None: under way."""
    lines = (Line(Status.FAIL, said),) if said else ()
    done = {n: Progress(run.steps[n].step, 1001.0, 1001.0, 1002.0 if how else None, how, lines) for n in names}
    return the(run, steps=run.steps | done)


def on_the_way_back(how: Ended, said: str = "", *, touched: str = BATCHES[0]) -> Run:
    """A deploy whose one restore ended so."""
    run = with_steps(begin(beginning()), Ended.STOPPED, touched)
    planned = {s.id: Progress(s) for s in plan_way_back("production", run.facts, {})}
    course = Course.BACK if how is Ended.PASSED else Course.FINISH
    run = the(run, steps=run.steps | planned, course=course, why="18 errors in 41 requests")
    return with_steps(run, how, "restore:production/api", said=said)


def live(verdict: Verdict | None = HEALTHY) -> Run:
    """A deploy that is everywhere."""
    run = begin(beginning())
    return the(with_steps(run, Ended.PASSED, *run.steps), verdict=verdict)


def test_a_deploy_that_is_live_and_healthy() -> None:
    assert conclude(live()) == Ending(0, "Hotfix v2.14.4 deployed successfully.", "", ROLLBACK)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Kind.SLOW, "slow"),
        (Kind.NOT_WORSE, "over its limit, and no worse than what a rollback would bring back"),
        (Kind.BLIND, "unobserved"),
        (Kind.QUIET, "there was too little traffic to tell"),
        (Kind.UNPROVEN, "unproven"),
    ],
)
def test_a_doubt_is_said_and_is_no_success(kind: Kind, words: str) -> None:
    ending = conclude(live(Verdict(kind, "because")))
    assert ending == Ending(6, f"Hotfix v2.14.4 is live, but {words}: because.", "", ROLLBACK)


@pytest.mark.parametrize(
    ("how", "code", "summary"),
    [
        (Ended.PASSED, 0, "Hotfix v2.14.4 deployed successfully."),
        (
            Ended.FAILED,
            6,
            "Hotfix v2.14.4 is live, but there was too little traffic to tell: because; and its probes do not pass.",
        ),
    ],
)
def test_where_traffic_could_not_tell_the_probes_do(how: Ended, code: int, summary: str) -> None:
    run = live(Verdict(Kind.QUIET, "because"))
    run = the(run, steps=run.steps | {PROBES: Progress(plan_probes("production"))})
    ending = conclude(with_steps(run, how, PROBES))
    assert (ending.code, ending.summary) == (code, summary)


@pytest.mark.parametrize("kind", [Kind.SLOW, Kind.NOT_WORSE, Kind.BLIND, Kind.UNPROVEN])
def test_no_probe_outweighs_what_traffic_has_shown(kind: Kind) -> None:
    run = live(Verdict(kind, "because"))
    run = the(run, steps=run.steps | {PROBES: Progress(plan_probes("production"))})
    assert not proven(with_steps(run, Ended.PASSED, PROBES))


@pytest.mark.parametrize("how", [Ended.FAILED, Ended.STOPPED])
@pytest.mark.parametrize(("said", "words"), [("main is protected", "main is protected"), ("", "merge:main")])
def test_live_with_work_left_says_which(how: Ended, said: str, words: str) -> None:
    ending = conclude(with_steps(live(), how, "merge:main", said=said))
    assert (ending.code, ending.summary) == (6, f"Hotfix v2.14.4 is live, but unfinished: {words}.")


def test_staging_proven() -> None:
    run = begin(beginning(target="staging"))
    ending = conclude(with_steps(run, Ended.PASSED, *run.steps))
    assert (ending.code, ending.summary) == (0, "v2.14.4-rc.1 is proven on staging.")


@pytest.mark.parametrize(
    ("target", "summary"), [("production", "Hotfix stopped before production."), ("staging", "Hotfix stopped.")]
)
def test_stopped_before_anything_was_touched(target: str, summary: str) -> None:
    ending = conclude(the(begin(beginning(target=target)), course=Course.FINISH))
    assert ending == Ending(3, summary, "Production is untouched: v2.14.3.")


@pytest.mark.parametrize(("signal", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("target", ["production", "staging"])
def test_interrupted_before_anything_was_touched(signal: str, code: int, target: str) -> None:
    """It can be gone on with all the same: what was found out by then need not be found out again."""
    ending = conclude(the(begin(beginning(target=target)), course=Course.FINISH, signal=signal))
    assert (ending.code, ending.production) == (code, "Production is untouched: v2.14.3.")
    assert (ending.next_step, ending.unfinished) == (RESUME, True)


@pytest.mark.parametrize(("signal", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize(
    ("passed", "production"),
    [
        (0, "Production is mixed: about 0 of 3 on v2.14.4, the others on v2.14.3."),
        (2, "Production is mixed: about 2 of 3 on v2.14.4, the others on v2.14.3."),
        (3, "Production runs v2.14.4, which is not validated."),
    ],
)
def test_interrupted_on_the_way_says_how_far_it_came(signal: str, code: int, passed: int, production: str) -> None:
    run = with_steps(begin(beginning()), Ended.PASSED, *BATCHES[:passed])
    ending = conclude(the(with_steps(run, None, *BATCHES[passed:]), course=Course.LEAVE, signal=signal))
    assert (ending.code, ending.production) == (code, production)
    assert (ending.next_step, ending.unfinished) == (RESUME, True)


def test_a_way_back_that_was_left_is_ordered_and_not_verified() -> None:
    ending = conclude(the(on_the_way_back(Ended.STOPPED), course=Course.LEAVE, signal="SIGTERM"))
    assert (ending.code, ending.unfinished) == (143, True)
    assert ending.production == "The rollback to v2.14.3 is ordered and not verified: production may run both."


def test_interrupted_after_the_validation_does_not_deny_it() -> None:
    ending = conclude(the(with_steps(live(), Ended.STOPPED, "merge:main"), course=Course.LEAVE, signal="SIGINT"))
    assert ending.production == "Production runs v2.14.4."


def test_rolled_back_says_why_and_what_runs() -> None:
    ending = conclude(on_the_way_back(Ended.PASSED))
    assert ending.code == 4
    assert ending.summary == "Hotfix v2.14.4 was rolled back: 18 errors in 41 requests."
    assert ending.production == "Production runs v2.14.3 again, verified everywhere."


def test_nothing_to_restore_is_rolled_back_as_well() -> None:
    """The batch was stopped before it changed anything: the fleet was observed to be old."""
    run = with_steps(begin(beginning()), Ended.STOPPED, BATCHES[0])
    steps = {s.id: Progress(s) for s in plan_way_back("production", run.facts, {"api": True})}
    assert conclude(the(run, steps=run.steps | steps, course=Course.BACK, why="aborted")).code == 4


@pytest.mark.parametrize(("said", "words"), [("2 of 3 are ready", "2 of 3 are ready"), ("", "it did not end")])
def test_an_incomplete_rollback_needs_a_human_and_says_the_command(said: str, words: str) -> None:
    ending = conclude(on_the_way_back(Ended.FAILED, said))
    assert (ending.code, ending.summary) == (5, "The rollback of v2.14.4 is incomplete.")
    assert (ending.production, ending.next_step) == (f"Production is not wholly on v2.14.3: {words}.", ROLLBACK)


@pytest.mark.parametrize(("passed", "code"), [(1, 5), (3, 6)])
def test_held_is_for_a_human_and_mixed_is_worse_than_unproven(passed: int, code: int) -> None:
    run = with_steps(begin(beginning()), Ended.PASSED, *BATCHES[:passed])
    run = with_steps(run, Ended.STOPPED, *BATCHES[passed:])
    ending = conclude(the(run, course=Course.FINISH, why="errors"))
    assert (ending.code, ending.summary) == (code, "Hotfix v2.14.4 is held: errors.")
    assert ending.next_step == ROLLBACK


def test_an_asked_rollback_is_done_when_all_have_turned() -> None:
    run = begin(beginning({"api": 1, "workers": 1}, action="rollback"))
    turns = ["turn:production/api", "turn:production/workers"]
    done = conclude(with_steps(run, Ended.PASSED, *turns))
    assert (done.code, done.summary) == (0, "Rolled back to v2.14.4.")
    half = conclude(with_steps(with_steps(run, Ended.PASSED, *turns[:1]), Ended.FAILED, turns[1]))
    assert (half.code, half.production) == (5, "Production may run several versions.")
    none = conclude(with_steps(run, Ended.FAILED, "artifact"))
    assert (none.code, none.production) == (3, "Production is untouched: v2.14.3.")


@pytest.mark.parametrize("target", ["production", "eu"])
def test_the_rollback_command_names_an_environment_that_is_not_the_usual_one(target: str) -> None:
    command = rollback_command(begin(beginning(target=target)))
    assert command == ROLLBACK + ("" if target == "production" else " --target eu")
