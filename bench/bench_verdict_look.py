"""How long one look at a fleet takes: folding a reading of 1,000 instances, and judging. Prints; asserts nothing.

python bench/bench_verdict_look.py
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


def version(number: int, new: int) -> str:
    return "v2" if number < new else "v1"


def sample(number: int, new: int, random_: random.Random) -> Sample:
    counts = tuple(random_.randrange(4) for _ in EDGES)
    name = f"web-{number}"
    incarnation = f"{name}:{version(number, new)}"
    return Sample(
        name, incarnation, version(number, new), sum(counts), int(random_.random() < 0.01), Histogram(EDGES, counts)
    )


def fleet(new: int) -> Fleet:
    names = ((f"web-{n}", version(n, new)) for n in range(INSTANCES))
    return Fleet(tuple(Instance(n, f"{n}:{v}", Revision(v), State.READY) for n, v in names))


def main() -> None:
    random_ = random.Random(1)
    readings = []
    for look in range(LOOKS):
        new = 0 if look < 10 else NEW if look < 20 else INSTANCES
        samples = tuple(sample(number, new, random_) for number in range(INSTANCES))
        readings.append((Reading(2.0 * look, 2.0 * look + 2, samples), fleet(new)))
    watch = Watch.begin(Watching(), "v1", "v2")
    observing, judging = [], []
    for reading, seen in readings:
        started = time.perf_counter()
        watch = watch.observed(reading, seen)
        observed = time.perf_counter()
        watch.judge(reading.end)
        observing.append(1000 * (observed - started))
        judging.append(1000 * (time.perf_counter() - observed))
    print(f"{INSTANCES} instances, {len(EDGES)} buckets, {LOOKS} looks, in ms:")
    for name, times in (("observe", observing), ("judge", judging)):
        print(f"  {name:8} median {statistics.median(times):.2f}  worst {max(times):.2f}")


if __name__ == "__main__":
    main()
