"""What the customers saw during the demo, told from the traffic's log and the run's journal."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..core.events import AnyEvent, StepEnded, VerdictReached
from ..core.instant import Instant, spoken
from ..core.run import fold
from ..core.step import Ended
from ..core.verdict import Kind
from ..journal.sqlite import SqliteStore
from .measure import Answer, between, first_failed, summary


def findings(answers: Sequence[Answer], journal: Path) -> Iterator[str]:
    """The lines at the end of a demo: requests and failures, and for a breach how long it hurt."""
    seen = summary(answers)
    versions = ", ".join(f"{count} by {version or 'nobody'}" for version, count in seen.versions.items())
    yield f"Requests: {seen.sent} sent, {seen.failed} failed ({versions})."
    store = SqliteStore(journal, read_only=True)
    events = [event for _, event in store.events(store.find())]
    store.close()
    run = fold(events)
    breached = next((e for e in events if isinstance(e, VerdictReached) and e.verdict.kind is Kind.BREACHED), None)
    if breached is not None and run.touched_at is not None:
        # What failed before, or by the old version, is not the hotfix's: the service fails now and then.
        bad = [a for a in answers if a.t >= run.touched_at and a.version != run.facts.old.version]
        yield from _breach(answers, first_failed(bad), breached.at, _restored(events))


def _restored(events: Sequence[AnyEvent]) -> Instant | None:
    ends = [
        e.at for e in events if isinstance(e, StepEnded) and e.step.startswith("restore:") and e.ended is Ended.PASSED
    ]
    return max(ends, default=None)


def _breach(
    answers: Sequence[Answer], first: Answer | None, verdict: Instant, restored: Instant | None
) -> Iterator[str]:
    if first is not None and first.until < verdict:
        yield f"First bad answer to the verdict: {_stretch(answers, first.until, verdict)}."
    if restored is not None:
        yield f"Verdict to the last instance back: {_stretch(answers, verdict, restored)}."
        after = summary(between(answers, restored, float("inf")))
        yield f"After that: {after.sent} requests, {after.failed} failed."


def _stretch(answers: Sequence[Answer], start: Instant, end: Instant) -> str:
    part = summary(between(answers, start, end))
    return f"{spoken(end - start)}, {part.sent} requests, {part.failed} failed"
