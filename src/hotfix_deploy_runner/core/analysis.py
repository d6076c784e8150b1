"""The readings of a release judged again, reading by reading, with limits of one's own. Pure; it decides nothing.

Between two readings a run looks at the clock as well; here each reading is where it is looked. What the readings say
of the new version ends where it was taken back: nothing is made up of what might have come.
"""

from collections.abc import Iterator, Sequence

import msgspec

from .baseline import CREDIBLE
from .events import AnyEvent, CourseChanged, ReadingMissed, ReadingTaken, RunStarted, VerdictReached
from .evidence import upper_bound
from .fleet import Fleet, Instance, State
from .instant import Instant, Seconds, spoken
from .policy import Watching
from .reading import Reading
from .revision import Revision
from .run import apply, begin
from .series import Series, series_of
from .step import Course
from .verdict import Kind, Verdict
from .watch import Watch


class Moment(msgspec.Struct, frozen=True):
    """What was known after one reading, or one attempt that gave none, at `at`.

    `over` and `worse` are the evidence that the new version is over the limit, and worse than the old one, as shares of
    what is conclusive: 1 is enough, and both are needed. `requests` and `errors` are the new version's so far.
    """

    at: Instant
    verdict: Verdict
    over: float
    worse: float
    limit: float
    requests: int
    errors: int
    watched: Seconds
    rolled_out: Instant | None = None


class Then(msgspec.Struct, frozen=True):
    """The verdict as it was recorded, and when."""

    at: Instant
    verdict: Verdict


class Analysis(msgspec.Struct, frozen=True):
    """The course of the evidence. `first_new` is the start of the first reading with the new version, None without one.

    `of` names what was read. `unseen` says in sentences what these readings cannot tell.
    """

    of: str
    old: str
    new: str
    limits: Watching
    moments: tuple[Moment, ...]
    series: tuple[Series, ...]
    first_new: Instant | None = None
    then: Then | None = None
    unseen: tuple[str, ...] = ()

    @property
    def now(self) -> Moment | None:
        """The moment of the verdict with these limits: the first that is one, else the last there is."""
        settled = (m for m in self.moments if m.verdict.kind not in (Kind.PENDING, Kind.BLIND))
        return next(settled, self.moments[-1] if self.moments else None)


def analyse_run(events: Sequence[AnyEvent], limits: Watching) -> Analysis:
    """A recorded run up to where it turned from its way forward. Raises `ValueError` when nothing was watched in it."""
    started = events[0]
    if not isinstance(started, RunStarted):
        raise ValueError("a run begins with run-started")
    policy = msgspec.structs.replace(started.policy, watching=limits)
    run = begin(msgspec.structs.replace(started, policy=policy))
    if run.watch is None:
        raise ValueError("nothing was watched")
    moments, readings, then, turned = [], [], None, False
    for event in events[1:]:
        run = apply(run, event)
        if isinstance(event, VerdictReached) and then is None:
            then = Then(event.at, event.verdict)
        turned = turned or (isinstance(event, CourseChanged) and event.course is not Course.FORWARD)
        if turned or run.watch is None or not isinstance(event, ReadingTaken | ReadingMissed):
            continue
        moments.append(moment(run.watch, event.at))
        if isinstance(event, ReadingTaken):
            readings.append(event.reading)
    missed = len(moments) - len(readings)
    made = _made(f"run {run.id}", run.facts.old.version, run.facts.version, limits, moments, readings, then)
    cut = ["They end where the run turned: what more lenient limits would have seen later, nobody knows."]
    lost = [f"{missed} attempt{'s' * (missed != 1)} gave no reading."]
    return _with(made, *(cut if turned else []), *(lost if missed else []))


def analyse_readings(of: str, readings: Sequence[Reading], old: str, new: str, limits: Watching) -> Analysis:
    """Readings from elsewhere, in order. The rollout is over with the first reading in which every new instance was in.

    Nothing is known of the instances' health: each that is in a reading counts as ready. Nor of how long a request
    took: histograms are only looked at for how many were slow, and give no p99.
    """
    limits = msgspec.structs.replace(limits, further=())  # of which there are no counts here
    watch, moments = Watch.begin(limits, old, new), []
    missing = {sample.instance for reading in readings for sample in reading.samples if sample.version == new}
    for reading in readings:
        missing -= {sample.instance for sample in reading.samples if sample.version == new}
        if not missing and watch.all_in is None and any(s.version == new for s in reading.samples):
            watch = watch.rolled_out(reading.start)
        watch = watch.observed(reading, _fleet(reading))
        moments.append(_without_p99(moment(watch, reading.end)))
    made = _made(of, old, new, limits, moments, [_counts_alone(reading) for reading in readings], None)
    return _with(made, "Restarts and ill health of instances are not in them.")


def moment(watch: Watch, at: Instant) -> Moment:
    """All that is taken from a watch, in one place."""
    errors = watch.errors
    return Moment(
        at=at,
        verdict=watch.judge(at),
        over=errors.over.log_evidence / errors.over.needed,
        worse=errors.log_worse / errors.beside.needed,
        limit=watch.limit,
        requests=errors.new.requests,
        errors=errors.new.events,
        watched=watch.watched,
        rolled_out=watch.all_in,
    )


def _without_p99(known: Moment) -> Moment:
    verdict = known.verdict
    reason = "conclusively more requests are slow than before" if verdict.kind is Kind.SLOW else verdict.reason
    figures = {name: value for name, value in verdict.figures.items() if name != "slow_edge"}
    told = msgspec.structs.replace(verdict, reason=reason, p99=None, baseline_p99=None, figures=figures)
    return msgspec.structs.replace(known, verdict=told)


def _counts_alone(reading: Reading) -> Reading:
    samples = tuple(msgspec.structs.replace(sample, latency=None) for sample in reading.samples)
    return msgspec.structs.replace(reading, samples=samples)


def _fleet(reading: Reading) -> Fleet:
    return Fleet(tuple(Instance(s.instance, s.incarnation, Revision(s.version), State.READY) for s in reading.samples))


def _made(
    of: str,
    old: str,
    new: str,
    limits: Watching,
    moments: Sequence[Moment],
    readings: Sequence[Reading],
    then: Then | None,
) -> Analysis:
    first = next((r.start for r in readings if any(s.version == new for s in r.samples)), None)
    made = Analysis(of, old, new, limits, tuple(moments), series_of(readings), first, then)
    return _with(made, *_limits_of_sight(made))


def _with(known: Analysis, *unseen: str) -> Analysis:
    return msgspec.structs.replace(known, unseen=(*known.unseen, *unseen))


def _limits_of_sight(known: Analysis) -> Iterator[str]:
    last = known.moments[-1] if known.moments else None
    if last is None or not last.requests:
        yield f"{known.new} served no request in these readings."
        return
    bound = upper_bound(last.errors, last.requests, CREDIBLE)
    yield f"{last.requests} requests of {known.new} leave an error rate of up to {bound * 100:.2g} % credible (95 %)."
    if last.verdict.kind is Kind.PENDING:
        yield f"They cover {spoken(last.watched)} of a window of {spoken(known.limits.window)}: no final verdict."
