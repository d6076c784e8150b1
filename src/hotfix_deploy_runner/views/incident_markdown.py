"""The incident document in Markdown, for the person who reads it a week later. Times are UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime

from ..core.facts import Request
from ..core.incident import Incident
from ..core.instant import Instant, Seconds, spoken
from ..core.judging import milliseconds, percent
from ..core.phrases import next_step
from ..core.revision import Revision
from .incident_charts import measurements
from .markdown import code, escape, fence, table

BLANK = "_to be filled in_"
"""What stands where a person has still to write."""


def markdown(known: Incident) -> str:
    """The whole document. Ends with a line end."""
    sections = (
        ("", _head(known)),
        ("Impact", escape(known.impact) or BLANK),
        ("Root cause", escape(known.root_cause) or BLANK),
        ("The verdict", _verdict(known)),
        ("Timeline", _timeline(known)),
        ("What changed", _changes(known)),
        ("Checks", _checks(known)),
        ("Measurements", measurements(known)),
        ("Skipped or overridden", _exemptions(known)),
        ("Who was told", _tellings(known)),
        ("Lessons", escape(known.lessons) or BLANK),
    )
    return "\n\n".join(f"## {title}\n\n{text}" if title else text for title, text in sections) + "\n"


def _head(known: Incident) -> str:
    return f"# {escape(known.title)}\n\n{_outcome(known)}\n\n{table(('', ''), _facts(known))}"


def _outcome(known: Incident) -> str:
    if known.ending is None:
        return "**The run has not ended.**"
    words = f"**{escape(f'{known.ending.summary} {known.ending.production}'.rstrip())}**"
    label, _, command = next_step(known.request, known.ending).partition(": ")
    return f"{words}\n\n{label}: {code(command)}" if command else words


def _operator(request: Request) -> str:
    host = f" on {request.host}" if request.host else ""
    return escape(f"{request.operator or 'unknown'}{host}")


def _facts(known: Incident) -> Iterator[tuple[str, str]]:
    request, facts = known.request, known.facts
    yield "Run", code(known.run)
    yield "Operator", _operator(request)
    yield "Environment", escape(request.target)
    yield "From", _revision(facts.old)
    yield "To", _revision(Revision(facts.version, facts.commit))
    yield "Started", _moment(known.started)
    yield "Ended", _moment(known.latest) if known.over else "not when this was written"
    yield "Exit code", str(int(known.ending.code)) if known.ending else "none yet"
    yield "Time to detect", _length(known.times.to_detect)
    yield "Time to deploy", _length(known.times.to_deploy)
    yield "Time to recover", _length(known.times.to_recover)


def _revision(revision: Revision) -> str:
    return f"{escape(revision.version)} {code(revision.commit[:12])}".rstrip()


def _moment(at: Instant) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _clock(at: Instant) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%m-%d %H:%M:%S")


def _length(seconds: Seconds | None) -> str:
    return "not applicable" if seconds is None else spoken(seconds)


def _verdict(known: Incident) -> str:
    verdict = known.verdict
    if verdict is None:
        return "The run ended before there was a verdict."
    figures = table(
        ("", "new version", "baseline"),
        (
            ("Error rate", percent(verdict.error_rate), percent(verdict.baseline_error_rate)),
            ("p99 latency", milliseconds(verdict.p99), milliseconds(verdict.baseline_p99)),
        ),
    )
    return f"**{verdict.kind.value.capitalize()}**: {escape(verdict.reason.rstrip('.'))}.\n\n{figures}"


def _timeline(known: Incident) -> str:
    rows = ((_clock(m.at), m.status.value, _lines(m.what, m.detail)) for m in known.timeline)
    return table(("Time (UTC)", "", "What happened"), rows)


def _lines(text: str, detail: tuple[str, ...]) -> str:
    return "<br>".join(escape(part) for part in (text, *detail) if part)


def _changes(known: Incident) -> str:
    parts = []
    if known.commits:
        rows = ((code(c.commit[:12]), escape(c.author), escape(c.subject)) for c in known.commits)
        parts.append(table(("Commit", "Author", "Subject"), rows))
    if known.diffstat:
        parts.append(fence(known.diffstat))
    return "\n\n".join(parts) or "Nothing is recorded: no commit was looked at."


def _checks(known: Incident) -> str:
    if not known.checks:
        return "None were made."
    rows = (
        (
            escape(check.name),
            check.status.value,
            "<br>".join(_lines(x.text, x.detail) for x in check.lines) or "no answer",
        )
        for check in known.checks
    )
    return table(("Check", "Result", "Answer"), rows)


def _exemptions(known: Incident) -> str:
    if not known.exemptions:
        return "Nothing."
    by = _operator(known.request)
    return table(
        ("What", "Why", "Run by"), ((escape(e.what), escape(e.why) or "no reason", by) for e in known.exemptions)
    )


def _tellings(known: Incident) -> str:
    rows = [
        (_clock(t.at), escape(t.channel), escape(t.notice), f"not delivered: {escape(t.why)}" if t.why else "delivered")
        for t in known.tellings
    ]
    told = table(("Time (UTC)", "Channel", "Notice", "Result"), rows) if rows else "Nobody, as far as is known."
    later = f"What was told after this was written: {code(f'hotfix-deploy-runner show {known.run}')}"
    return told if known.over else f"{told}\n\n{later}"
