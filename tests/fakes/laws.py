"""What must hold of every decision, whatever the run. Each broken law is an AssertionError that names it."""

from hotfix_deploy_runner.core.decide import Decision
from hotfix_deploy_runner.core.instant import Instant
from hotfix_deploy_runner.core.progress import Progress
from hotfix_deploy_runner.core.run import Run
from hotfix_deploy_runner.core.step import Course, Step


def hold(run: Run, decision: Decision, now: Instant) -> None:
    """All of them, for a decision made of `run` at `now`."""
    _asks_for_something(run, decision, now)
    _does_one_kind_of_thing(decision)
    for name in decision.stop:
        assert run.steps[name].running, f"{name} is told to stop but does not run"
    running = list(run.running)
    for step in decision.start:
        _may_start(run, step, running)
        running.append(Progress(step, started=now))


def _asks_for_something(run: Run, decision: Decision, now: Instant) -> None:
    """A run never just stands there: it is over, or does something, or something is under way, or it looks again.

    Unless it is held up: then it waits for the word that lets it go on.
    """
    acts = decision.record or decision.start or decision.stop or decision.over
    held_up = run.cut_off or run.paused
    assert acts or held_up or run.running or decision.wake is not None, (
        "nothing is under way, and nothing is to be done"
    )
    assert decision.wake is None or decision.wake > now, "it asks to be woken in the past: the loop would spin"
    assert decision.over is None or not run.running, "the run is over while steps are under way"


def _does_one_kind_of_thing(decision: Decision) -> None:
    """What is recorded changes the run: what to start is decided on the run as it is after that."""
    assert not (decision.record and (decision.start or decision.stop)), "it acts on what is not yet on disk"


def _may_start(run: Run, step: Step, running: list[Progress]) -> None:
    assert run.steps[step.id].step == step, f"{step.id} is not in the plan"
    assert run.steps[step.id].started is None, f"{step.id} starts a second time"
    assert run.steps[step.id].ended is None, f"{step.id} starts after its end"
    assert not step.judged, f"{step.id} is judged, not performed"
    assert all(run.passed(other) for other in step.waits_for), f"{step.id} starts before what it waits for"
    assert step.course in (run.course, Course.FINISH), f"{step.id} is off course"
    for other in running:
        assert step.touches.isdisjoint(other.step.touches), f"{step.id} and {other.step.id} touch the same"
        assert other.step.course in (run.course, Course.FINISH), f"{step.id} starts while {other.step.id} is off course"
