"""The shipped core on a cell's readings: many windows at once, and a few through `Watch` itself, which must agree."""

from collections.abc import Iterator

import msgspec
import numpy as np

from hotfix_deploy_runner.core.fleet import Fleet, Instance, State
from hotfix_deploy_runner.core.policy import Watching
from hotfix_deploy_runner.core.reading import Histogram, Reading, Sample
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.verdict import Kind, Verdict
from hotfix_deploy_runner.core.watch import MAX_GAP, WARM_UP, Watch

from .cells import ROLLOUT, WINDOW, Cell
from .streams import EDGES, Bools, Floats, Ints, Readings
from .vectors import Comparisons, Record

OLD, NEW = "v1", "v2"
EDGE = 3
"""Where twice the baseline's p99 lies among `EDGES`: 0.5 s."""


class Decisions(msgspec.Struct, frozen=True):
    """When each window was rolled back, in seconds from the first new instance (infinity: it was not).

    `early`: before the window's end, by conclusive evidence.
    """

    at: Floats
    early: Bools


def limits(cell: Cell) -> Watching:
    """The default policy; slowness rolls back where the cell is about it, so that it is seen when."""
    return Watching(on_slow="warn" if cell.slower is None else "rollback")


def shipped(cell: Cell, read: Readings) -> Decisions:
    """All windows at once."""
    begun = Watch.begin(limits(cell), OLD, NEW)
    windows, looks = read.ends.shape
    errors, record = Comparisons(begun.errors, windows), Record(windows)
    slow, slow_record = Comparisons(begun.slow, windows), Record(windows)
    limit = np.full(windows, begun.limit)
    at, early = np.full(windows, np.inf), np.zeros(windows, bool)
    total, failed, watched = (np.zeros(windows) for _ in range(3))
    born, before = np.full(windows, np.inf), read.starts[:, 0]
    over = np.zeros(windows, bool)
    for k in range(looks):
        end = read.ends[:, k]
        fresh = end > before
        new, old = _tally(read.new.requests, read.new.errors, k), _tally(read.old.requests, read.old.errors, k)
        born = np.where(fresh & (end > 0) & np.isinf(born), before, born)
        if (end > 0).any():
            errors.seen(new, old, limit, record)
            total, failed = total + new[0], failed + new[1]
        if read.new_latency is not None and read.old_latency is not None:
            warm = np.where(end - WARM_UP >= born, 1, 0)
            late, early_ = _slower(read.new_latency, k), _slower(read.old_latency, k)
            if (end > 0).any():
                bound = np.maximum(0.01, slow_record.upper(begun.slow.bound_level))
                slow.seen((late[0] * warm, late[1] * warm), early_, bound, slow_record)
            slow_record.seen(early_[0].astype(float), early_[1].astype(float))
        record.seen(old[0].astype(float), old[1].astype(float))
        length = np.minimum(np.minimum(end - before, MAX_GAP * begun.limits.interval), end - ROLLOUT)
        watched = watched + np.where(fresh, np.maximum(0, length), 0)
        before = end
        open_ = fresh & (end > 0) & ~over
        if not open_.any():
            continue
        found = errors.conclusive
        if cell.slower is not None:
            found |= slow.conclusive
        done = watched >= WINDOW
        late_breach = done & (failed > begun.limit * total) & errors.worse
        hit = open_ & (found | late_breach)
        at, early = np.where(hit, end, at), np.where(hit, found, early)
        over |= open_ & (found | done)
        if over.all():
            break
    return Decisions(at, early)


def _tally(requests: Ints, errors: Ints, k: int) -> tuple[Ints, Ints]:
    return requests[:, k], errors[:, k]


def _slower(latency: Ints, k: int) -> tuple[Ints, Ints]:
    return latency[:, k].sum(axis=1), latency[:, k, EDGE + 1 :].sum(axis=1)


def replayed(cell: Cell, read: Readings, window: int) -> tuple[float, Verdict]:
    """One window through `Watch`: when it was rolled back (infinity: never), and the last verdict."""
    watch = Watch.begin(limits(cell), OLD, NEW)
    verdict = Verdict(Kind.PENDING, "")
    for reading, fleet in _events(read, window):
        if reading.end > ROLLOUT:
            watch = watch.rolled_out(float(ROLLOUT))
        watch = watch.observed(reading, fleet)
        verdict = watch.judge(reading.end)
        if verdict.kind in (Kind.BREACHED, Kind.SLOW):
            return reading.end, verdict
        if verdict.kind is not Kind.PENDING:
            break
    return float("inf"), verdict


def _events(read: Readings, window: int) -> Iterator[tuple[Reading, Fleet]]:
    start = int(read.starts[window, 0])
    for k, end in enumerate(map(int, read.ends[window])):
        if end == start:
            continue
        samples = []
        if end > 0:
            samples.append(_sample(NEW, read.new.requests, read.new.errors, read.new_latency, window, k))
        if start < ROLLOUT:
            samples.append(_sample(OLD, read.old.requests, read.old.errors, read.old_latency, window, k))
        fleet = Fleet(tuple(Instance(s.instance, s.incarnation, Revision(s.version), State.READY) for s in samples))
        yield Reading(float(start), float(end), tuple(samples)), fleet
        start = end


def _sample(version: str, requests: Ints, errors: Ints, latency: Ints | None, window: int, k: int) -> Sample:
    histogram = None
    if latency is not None:
        histogram = Histogram((*EDGES[:-1], None), tuple(map(int, latency[window, k])))
    name = f"pod-{version}"
    return Sample(name, name, version, int(requests[window, k]), int(errors[window, k]), histogram)
