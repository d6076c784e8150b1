"""What the customers saw during the demo, told from the traffic's log and the run's journal."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..core.events import AnyEvent, StepEnded, VerdictReached
from ..core.instant import Instant, spoken
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
    breached = next((e for e in events if isinstance(e, VerdictReached) and e.verdict.kind is Kind.BREACHED), None)
    if breached is not None:
        yield from _breach(answers, breached.at, _restored(events))


def _restored(events: Sequence[AnyEvent]) -> Instant | None:
    ends = [
        e.at for e in events if isinstance(e, StepEnded) and e.step.startswith("restore:") and e.ended is Ended.PASSED
    ]
    return max(ends, default=None)


def _breach(answers: Sequence[Answer], verdict: Instant, restored: Instant | None) -> Iterator[str]:
    new = [answer for answer in answers if answer.failed]
    first = first_failed(new)
    if first is not None and first.until < verdict:
        yield f"First bad answer to the verdict: {_stretch(answers, first.until, verdict)}."
    if restored is not None:
        yield f"Verdict to the last instance back: {_stretch(answers, verdict, restored)}."
        after = summary(between(answers, restored, float("inf")))
        yield f"After that: {after.sent} requests, {after.failed} failed."


def _stretch(answers: Sequence[Answer], start: Instant, end: Instant) -> str:
    part = summary(between(answers, start, end))
    return f"{spoken(end - start)}, {part.sent} requests, {part.failed} failed"
