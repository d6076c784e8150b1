"""What the customers saw during the demo, told from the traffic's log and the run's journal."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..core.events import AnyEvent, CourseChanged, StepEnded, VerdictReached
from ..core.instant import Instant, spoken
from ..core.run import Run, fold
from ..core.step import Course, Ended
from ..journal.sqlite import SqliteStore
from .measure import Answer, between, by_version, failures, summary


def findings(answers: Sequence[Answer], journal: Path) -> Iterator[str]:
    """The lines at the end of a demo: how many requests failed, how each version did, and how long a way back hurt."""
    seen = summary(answers)
    versions = ", ".join(f"{count} by {version or 'nobody'}" for version, count in seen.versions.items())
    yield f"Requests: {seen.sent} sent, {seen.failed} failed ({versions})."
    store = SqliteStore(journal, read_only=True)
    events = [event for _, event in store.events(store.find())]
    store.close()
    run = fold(events)
    yield from _versions(run, answers)
    turn = next((e.at for e in events if isinstance(e, CourseChanged) and e.course is Course.BACK), None)
    if turn is not None:
        yield from _way_back(run, events, answers, turn)


def _versions(run: Run, answers: Sequence[Answer]) -> Iterator[str]:
    """Each version as its customers met it since the rollout began: before it, this machine was busy with tests."""
    if run.facts.version not in {answer.version for answer in answers}:
        why = "" if run.touched else ": production was not touched"
        yield f"No customer has met {run.facts.version}{why}."
        return
    began = run.started if run.touched_at is None else run.touched_at
    met = by_version(answer for answer in answers if answer.t >= began)
    for version in (run.facts.old.version, run.facts.version):
        if group := met.get(version):
            yield f"{version} since the rollout began: {_share(group)} failed, p99 {_p99(group):.0f} ms."
    if "" in met:
        yield f"No instance answered {len(met[''])} requests."


def _way_back(run: Run, events: Sequence[AnyEvent], answers: Sequence[Answer], turn: Instant) -> Iterator[str]:
    # What failed before, or by the old version, is not the hotfix's: the service fails now and then.
    began = turn if run.touched_at is None else run.touched_at
    bad = failures(a for a in answers if began <= a.t < turn and a.version != run.facts.old.version)
    judged = any(isinstance(event, VerdictReached) for event in events)
    what = "verdict" if judged else "turn"
    if bad:
        yield f"First request that failed to the {what}: {_stretch(answers, bad[0].t, turn)}."
    restored = _restored(events)
    if restored is not None:
        yield f"{what.capitalize()} to the last instance back: {_stretch(answers, turn, restored)}."
        after = summary(between(answers, restored, float("inf")))
        yield f"After that: {after.sent} requests, {after.failed} failed."


def _restored(events: Sequence[AnyEvent]) -> Instant | None:
    ends = [
        e.at for e in events if isinstance(e, StepEnded) and e.step.startswith("restore:") and e.ended is Ended.PASSED
    ]
    return max(ends, default=None)


def _stretch(answers: Sequence[Answer], start: Instant, end: Instant) -> str:
    part = summary(between(answers, start, end))
    return f"{spoken(end - start)}, {part.sent} requests, {part.failed} failed"


def _share(answers: Sequence[Answer]) -> str:
    return f"{100 * len(failures(answers)) / len(answers):.1f} % of {len(answers)} requests"


def _p99(answers: Sequence[Answer]) -> float:
    """The time in milliseconds that one in a hundred waited longer than."""
    times = sorted(answer.ms for answer in answers)
    return times[int(0.99 * (len(times) - 1))]
