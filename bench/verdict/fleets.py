"""Fleets of a hundred instances through the shipped core: one of them dead, or all of them well though bursty."""

from collections.abc import Iterator

import numpy as np

from hotfix_deploy_runner.core.fleet import Fleet, Instance, State
from hotfix_deploy_runner.core.policy import Watching
from hotfix_deploy_runner.core.reading import Reading, Sample
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.verdict import Kind
from hotfix_deploy_runner.core.watch import Watch

from .outcomes import interval
from .streams import Floats
from .targets import Target

INSTANCES, BATCH, INTERVAL = 100, 10, 2
RECORD, BESIDE, AFTER = 30, 10, 60
"""Readings: the old version alone, a tenth of the new one beside it, the new one alone."""


def found(windows: int) -> Iterator[Target]:
    """One dead pod in a hundred, at one request a second each; and hundreds of well ones, with and without bursts."""
    at = [_window(seed, rate=0.0003, dead=True) for seed in range(windows)]
    seen = [when for when in at if when is not None]
    mean = sum(seen) / len(seen) if seen else float("nan")
    yield Target(
        len(seen) == windows,
        f"one dead pod in a hundred, 1 req/s each: {len(seen)} of {windows} rolled back, after {mean:.1f} s on average",
    )
    for name, rate, bursts in (("2 % errors", 0.02, 0.0), ("2 % errors in bursts", 0.02, 0.05)):
        false = sum(_window(seed, rate, bursts) is not None for seed in range(windows))
        low, high = interval(false, windows)
        text = f"a hundred pods, {name} old and new: {false} of {windows} rolled back (95 %: {low:.2%} to {high:.2%})"
        yield Target(low <= 0.01, f"{text}; at most 1 % must be credible")


def _window(seed: int, rate: float, bursts: float = 0.0, dead: bool = False) -> float | None:
    """Seconds from the first new instance until it is rolled back; None when it is not."""
    rng = np.random.default_rng(seed)
    watch = Watch.begin(Watching(window=AFTER * INTERVAL), "v1", "v2")
    for look in range(RECORD + BESIDE + AFTER):
        new = 0 if look < RECORD else BATCH if look < RECORD + BESIDE else INSTANCES
        if new == INSTANCES:
            watch = watch.rolled_out(float(INTERVAL * (RECORD + BESIDE)))
        rates = np.full(INSTANCES, rate)
        if bursts:
            # Each instance has bursts of its own: one bad host, a cache that is cold.
            spread = 1 / bursts - 1
            rates = rng.beta(rate * spread, (1 - rate) * spread, INSTANCES)
        if dead and new:
            rates[0] = 1.0
        reading, fleet = _reading(look, new, rates, rng)
        watch = watch.observed(reading, fleet)
        if watch.judge(reading.end).kind is Kind.BREACHED:
            return reading.end - INTERVAL * RECORD
    return None


def _reading(look: int, new: int, rates: Floats, rng: np.random.Generator) -> tuple[Reading, Fleet]:
    requests = rng.poisson(INTERVAL, INSTANCES)
    errors = rng.binomial(requests, rates)
    samples, instances = [], []
    for n in range(INSTANCES):
        name, version = f"pod-{n}", "v2" if n < new else "v1"
        samples.append(Sample(name, f"{name}/{version}", version, int(requests[n]), int(errors[n])))
        instances.append(Instance(name, f"{name}/{version}", Revision(version), State.READY))
    start = float(INTERVAL * look)
    return Reading(start, start + INTERVAL, tuple(samples)), Fleet(tuple(instances))
