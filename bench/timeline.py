"""Where a run's time goes: the longest chain of real work in it, and what is ours between its links."""

from collections.abc import Iterator

from hotfix_deploy_runner.core.progress import Progress
from hotfix_deploy_runner.core.run import Run

DRAIN = 0.5
"""Seconds that the demo's configuration lets an old instance drain. On staging the smoke tests wait for it; in
production it goes on side by side with `min_healthy`, which is longer, and is no link of the chain."""


def took(progress: Progress) -> float:
    """Seconds between a step's start and its end."""
    return ended(progress) - (progress.started or 0.0)


def ended(progress: Progress) -> float:
    """The instant of a step's end."""
    return progress.ended_at or 0.0


def does(run: Run, kind: str) -> list[Progress]:
    """The steps of one kind, in declared order."""
    return [p for p in run.steps.values() if p.step.does == kind]


def real_work(run: Run, start: float) -> dict[str, float]:
    """The longest chain, by name, in seconds. `start` is what the service itself needs to start."""
    batches = len(does(run, "batch"))
    return {
        "install": took(run.steps["install"]),
        "tests": took(run.steps["check:tests"]),
        "staging: the service's start": start,
        "staging: drain": DRAIN,
        "smoke tests": took(run.steps["smoke"]),
        f"{batches} batches: the service's start": batches * start,
        f"{batches} batches: min_healthy": batches * run.policy.rolling.min_healthy,
        "window": run.policy.watching.window,
    }


def ours(run: Run, start: float, begun: float, over: float) -> dict[str, float]:
    """What lies between the links, in seconds; `begun` and `over` are the instants of the process's start and end.

    With the real work it makes up the whole wall time.
    """
    steps = run.steps
    batches, gates = does(run, "batch"), does(run, "gate")
    first = batches[0].started or 0.0
    return {
        "until the first event": run.started - begun,
        "until the tests begin": (steps["check:tests"].started or 0.0) - run.started - took(steps["install"]),
        "tests to staging": (steps["staging-deploy"].started or 0.0) - ended(steps["check:tests"]),
        "staging, but for start and drain": took(steps["staging-deploy"]) - start - DRAIN,
        "staging to smoke tests": (steps["smoke"].started or 0.0) - ended(steps["staging-deploy"]),
        "smoke tests to the first batch": first - ended(steps["smoke"]),
        "batches, but for start and min_healthy": sum(
            took(batch) - start - run.policy.rolling.min_healthy for batch in batches
        ),
        "gates": sum(ended(gate) - ended(batch) for gate, batch in zip(gates, batches, strict=True)),
        "gates to batches": sum(
            (batch.started or 0.0) - ended(gate) for gate, batch in zip(gates, batches[1:], strict=False)
        ),
        "the window, but for itself": ended(steps["validate"]) - ended(gates[-1]) - run.policy.watching.window,
        "from the verdict to the last event": run.latest - ended(steps["validate"]),
        "from the last event to the end": over - run.latest,
    }


def lines(run: Run, begun: float) -> Iterator[str]:
    """A line a step, with the seconds from the process's start to its start and its end."""
    known = [p for p in run.steps.values() if p.ended_at is not None]
    for progress in sorted(known, key=lambda p: p.started or p.ended_at or 0.0):
        first = "      -" if progress.started is None else f"{progress.started - begun:7.2f}"
        yield f"{first} {ended(progress) - begun:7.2f}  {progress.step.id}"
