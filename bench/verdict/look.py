"""How long one look at a fleet takes: folding a reading of 1,000 instances, and judging.

In the processor's time, not the wall's: other work on the machine is not the look's.
"""

import random
import statistics
import time

from hotfix_deploy_runner.core.fleet import Fleet, Instance, State
from hotfix_deploy_runner.core.policy import Watching
from hotfix_deploy_runner.core.reading import Histogram, Reading, Sample
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.watch import Watch

EDGES = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, None)
INSTANCES, LOOKS, NEW = 1000, 300, 500


def looks() -> tuple[list[float], list[float]]:
    """Milliseconds of folding and of judging, look by look; one request in a thousand or two fails."""
    random_ = random.Random(1)
    watch = Watch.begin(Watching(), "v1", "v2")
    observing, judging = [], []
    for look in range(LOOKS):
        new = 0 if look < 10 else NEW if look < 20 else INSTANCES
        reading, fleet = _reading(look, new, random_), _fleet(new)
        started = time.thread_time()
        watch = watch.observed(reading, fleet)
        observed = time.thread_time()
        watch.judge(reading.end)
        observing.append(1000 * (observed - started))
        judging.append(1000 * (time.thread_time() - observed))
    return observing, judging


def report() -> tuple[float, list[str]]:
    """The median of a whole look in milliseconds, and what to print."""
    observing, judging = looks()
    whole = [sum(both) for both in zip(observing, judging, strict=True)]
    named = (("observe", observing), ("judge", judging), ("both", whole))
    lines = [f"  {name:8} median {statistics.median(t):.2f}  worst {max(t):.2f}" for name, t in named]
    return statistics.median(whole), [
        f"{INSTANCES} instances, {len(EDGES)} buckets, {LOOKS} looks, in ms of processor time:",
        *lines,
    ]


def _reading(look: int, new: int, random_: random.Random) -> Reading:
    return Reading(2.0 * look, 2.0 * look + 2, tuple(_sample(number, new, random_) for number in range(INSTANCES)))


def _sample(number: int, new: int, random_: random.Random) -> Sample:
    counts = tuple(random_.randrange(4) for _ in EDGES)
    version = _version(number, new)
    failed = int(random_.random() < 0.01)
    return Sample(f"web-{number}", f"web-{number}:{version}", version, sum(counts), failed, Histogram(EDGES, counts))


def _fleet(new: int) -> Fleet:
    names = ((f"web-{n}", _version(n, new)) for n in range(INSTANCES))
    return Fleet(tuple(Instance(n, f"{n}:{v}", Revision(v), State.READY) for n, v in names))


def _version(number: int, new: int) -> str:
    return "v2" if number < new else "v1"
