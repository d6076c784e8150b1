"""The sections of the incident document that the runner knows all about. Times are UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime

from ..core.facts import Request
from ..core.incident import Incident
from ..core.instant import Instant, spoken
from ..core.judging import milliseconds, percent
from ..core.marks import What
from .blocks import Badge, Block, Code, Inline, LineBreak, Paragraph, Phrase, Strong, Table, Verbatim
from .incident_charts import drawn, figures
from .incident_pictures import pictures


def operator(request: Request) -> str:
    """Who ran it, and where."""
    host = f" on {request.host}" if request.host else ""
    return f"{request.operator or 'unknown'}{host}"


def verdict(known: Incident) -> Iterator[Block]:
    """What was judged, with the figures beside what they were held against."""
    judged, limits, bounds = known.verdict, known.limits, known.bounds
    if judged is None:
        none = "There was no verdict: " + ("it did not come to one." if known.over else "the run has not ended.")
        what = "first deployment" if known.request.first else "rollback"
        asked = f"A {what} is not judged: it is done when it is verified everywhere."
        yield Paragraph((asked if known.request.action == "rollback" else none,))
        return
    yield Paragraph((Strong(judged.kind.value.capitalize()), f": {judged.reason.rstrip('.')}."))
    rows = (
        ("Error rate", judged.error_rate, judged.baseline_error_rate, bounds.error_rate_limit, percent),
        ("p99 latency", judged.p99, judged.baseline_p99, bounds.p99_limit, milliseconds),
        *((one.name, one.rate, one.baseline_rate, one.limit, percent) for one in judged.further),
    )
    cells = (((name,), (words(new),), (words(old),), (words(limit),)) for name, new, old, limit, words in rows)
    yield Table(("", known.facts.version, f"baseline ({known.facts.old.version})", "limit"), tuple(cells))
    slow = "is rolled back" if limits.on_slow == "rollback" else "is a warning"
    yield Paragraph(
        (
            f"The window is {spoken(limits.window)} from the last new instance on, with a reading every "
            f"{spoken(limits.interval)}. A breach {'is rolled back' if limits.on_breach == 'rollback' else 'is held'}; "
            f"p99 over its limit {slow}.",
        )
    )


def measurements(known: Incident) -> Iterator[Block]:
    """The charts, then the figures by version."""
    if not known.series:
        yield Paragraph(("Nothing was measured.",))
        return
    yield from pictures(known)
    batch = next((mark.label for mark in known.marks if mark.what is What.BATCH), "")
    if batch:
        count, _, total = batch.partition("/")
        words = f"{batch}: the new version goes into {count} of {total} instances; all new: it is in all of them."
        yield Paragraph((words,))
    yield drawn(known)
    yield figures(known)


def _clock(known: Incident, at: Instant) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S" if _day(known) else "%m-%d %H:%M:%S")


def _day(known: Incident) -> str:
    """The day, when it all was on one."""
    first, last = (datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d") for at in (known.started, known.latest))
    return first if first == last else ""


def _time_head(known: Incident) -> str:
    return f"UTC, {_day(known)}" if _day(known) else "Time (UTC)"


def timeline(known: Incident) -> Table:
    """What happened when."""
    rows = (((_clock(known, m.at),), (Badge(m.status),), _lines(m.what, *m.detail)) for m in known.timeline)
    return Table((_time_head(known), "", "What happened"), tuple(rows))


def _lines(*texts: str) -> Phrase:
    """The texts that are not empty, a line each."""
    words: list[Inline] = []
    for text in filter(None, texts):
        words += [LineBreak(), text] if words else [text]
    return tuple(words)


def changes(known: Incident) -> Iterator[Block]:
    """The commits and the lines they touch."""
    if known.commits:
        rows = (((Code(c.commit[:12]),), (c.author,), (c.subject,)) for c in known.commits)
        yield Table(("Commit", "Author", "Subject"), tuple(rows))
    if known.diffstat:
        yield Verbatim(known.diffstat)
    if not known.commits and not known.diffstat:
        yield Paragraph(("Nothing is recorded: no commit was looked at.",))


def checks(known: Incident) -> Block:
    """Every check with its answer."""
    if not known.checks:
        return Paragraph(("None were made.",))
    rows = (
        (
            (c.name,),
            (Badge(c.status),),
            _lines(*(text for x in c.lines for text in (x.text, *x.detail))) or ("no answer",),
        )
        for c in known.checks
    )
    return Table(("Check", "Result", "Answer"), tuple(rows))


def exemptions(known: Incident) -> Block:
    """What was left out, and why."""
    if not known.exemptions:
        return Paragraph(("Nothing.",))
    by = operator(known.request)
    return Table(
        ("What", "Why", "Run by"), tuple(((e.what,), (e.why or "no reason",), (by,)) for e in known.exemptions)
    )


def tellings(known: Incident) -> Iterator[Block]:
    """Who was told what, and who was not."""
    if known.tellings:
        rows = (
            (
                (_clock(known, t.at),),
                (t.channel,),
                (t.notice,),
                (f"not delivered: {t.why}" if t.why else "delivered",),
            )
            for t in known.tellings
        )
        yield Table((_time_head(known), "Channel", "Notice", "Result"), tuple(rows))
    else:
        yield Paragraph(("Nobody, as far as is known.",))
    if not known.over:
        yield Paragraph(("What was told after this was written: ", Code(f"hotfix-deploy-runner show {known.run}")))
