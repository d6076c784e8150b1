"""What the scanners answered, as lines and as JSON values. Pure; no code that was found is ever shown."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from ..core.check import Line, Status
from ..core.phrases import at_most, counted
from ..ports import Redact
from .findings import Comparison
from .sarif import Finding, Level
from .scanners import Scan

_SHOWN = 10
_LONGEST = 160
_QUOTED = re.compile(r"""(['"`])(?:(?!\1).)+\1""")


class Answer(msgspec.Struct, frozen=True):
    """What one scanner made of candidate and base: a comparison, or why there is none."""

    scanner: str
    compared: Comparison | None = None
    complaints: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    failed: str = ""
    skipped: str = ""
    detail: tuple[str, ...] = ()


def remarks(ours: Scan, before: Scan | None, compared: Comparison) -> Iterable[str]:
    """What a person should know of a scan that could be done."""
    files = f"{counted(ours.files, 'file')}, " if ours.files is not None else ""
    yield f"{files}{counted(len(compared.old), 'finding')} that the base has too"
    more = (ours.waved or 0) - (before.waved or 0 if before else 0)
    if more > 0:
        yield f"{counted(more, 'line')} more than in the base marked {ours.mark}, and let pass"


def lines(answers: Sequence[Answer], level: Level) -> list[Line]:
    """What failed, then what was skipped, then the good news if nothing failed and anything was scanned."""
    bad = [line for answer in answers for line in _failures(answer, level)]
    skipped = [Line(Status.SKIP, f"Security scan skipped: {a.skipped}") for a in answers if a.skipped]
    done = [answer for answer in answers if answer.compared is not None]
    if bad or not done:
        return [*bad, *skipped]
    detail = [f"{answer.scanner}: {text}" for answer in done for text in [*answer.remarks, *_lesser(answer, level)]]
    return [Line(Status.OK, "Security scan clear", tuple(detail)), *skipped]


def _failures(answer: Answer, level: Level) -> Iterable[Line]:
    if answer.failed:
        yield Line(
            Status.FAIL, "Security scan could not be done", (f"{answer.scanner}: {answer.failed}", *answer.detail)
        )
    if answer.complaints:
        detail = tuple(f"{answer.scanner}: {complaint}" for complaint in answer.complaints[:_SHOWN])
        yield Line(Status.FAIL, "Security scan could not read everything", detail)
    bad = [finding for finding in _new(answer) if finding.level >= level]
    if bad:
        detail = at_most(_SHOWN, [_said(finding) for finding in bad])
        yield Line(Status.FAIL, f"Security scan: {counted(len(bad), 'new finding')} ({answer.scanner})", detail)


def _lesser(answer: Answer, level: Level) -> list[str]:
    lesser = [finding for finding in _new(answer) if finding.level < level]
    return [f"new, below {level.name}: {_said(finding)}" for finding in lesser[:_SHOWN]]


def _new(answer: Answer) -> tuple[Finding, ...]:
    return answer.compared.new if answer.compared is not None else ()


def _said(finding: Finding) -> str:
    parts = (finding.rule, finding.name if finding.name != finding.rule else "", _place(finding), _message(finding))
    return " ".join(part for part in parts if part)


def _place(finding: Finding) -> str:
    return f"{finding.path}:{finding.line}" if finding.line else finding.path


def _message(finding: Finding) -> str:
    """What the scanner says, without what it quotes: that may be the very secret it found."""
    first = next(iter(finding.message.splitlines()), "")
    return f"({_QUOTED.sub('…', first)[:_LONGEST]})" if first else ""


def found(answer: Answer, redact: Redact) -> dict[str, object]:
    """The same as JSON values, for the document."""
    if answer.compared is None:
        return {"failed": redact(answer.failed), "skipped": answer.skipped}
    return {"new": [_json(finding, redact) for finding in answer.compared.new], "old": len(answer.compared.old)}


def _json(finding: Finding, redact: Redact) -> dict[str, object]:
    named = {"rule": finding.rule, "name": finding.name, "level": finding.level.name}
    return {**named, "path": finding.path, "line": finding.line, "message": redact(_message(finding).strip("()"))}
