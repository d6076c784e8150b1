"""The incident document, section by section, for the person who reads it a week later. Times are UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime

from ..core.incident import Incident
from ..core.instant import Instant, spoken
from ..core.marks import What
from ..core.phrases import next_step
from ..core.revision import Revision
from ..core.timeline import ending_status
from . import incident_sections as sections
from .blocks import Blank, Block, Code, Document, Figures, Paragraph, Phrase, Prose, Section, Strong, Table
from .results import result


def document(known: Incident) -> Document:
    """The whole document."""
    notes = known.notes
    wrong = "what was wrong, and how it was noticed"
    parts = (
        Section("The incident", (_note(known, notes.incident, "incident", wrong),)),
        Section("Impact", (_note(known, notes.impact, "impact", "who felt it, how much and how long"),)),
        Section("Root cause", (_note(known, notes.root_cause, "root-cause", "why it could happen"),)),
        Section("The verdict", tuple(sections.verdict(known))),
        Section("Measurements", tuple(sections.measurements(known))),
        Section("Timeline", (sections.timeline(known),)),
        Section("What changed", tuple(sections.changes(known))),
        Section("Checks", (sections.checks(known),)),
        Section("Skipped or overridden", (sections.exemptions(known),)),
        Section("Who was told", tuple(sections.tellings(known))),
        Section("Lessons", (_note(known, notes.lessons, "lessons", "what is done so that it does not happen again"),)),
    )
    status = ending_status(known.ending) if known.ending else None
    return Document(known.title, status, (*_outcome(known), _times(known), _facts(known)), parts)


def _note(known: Incident, text: str, option: str, about: str) -> Block:
    return Prose(text) if text.strip() else Blank(about, f'hotfix-deploy-runner report {known.run} --{option} "…"')


def _outcome(known: Incident) -> Iterator[Block]:
    if known.ending is None:
        yield Paragraph((Strong("The run has not ended."),))
        return
    yield Paragraph((Strong(f"{known.ending.summary} {known.ending.production}".rstrip()),))
    label, _, command = next_step(known.request, known.ending).partition(": ")
    if command:
        yield Paragraph((f"{label}: ", Code(command)))


def _times(known: Incident) -> Figures:
    """The three times, each with what it counts, or why there is none."""
    times, version = known.times, known.facts.version
    back = known.request.kind == "rollback"
    old = version if back else known.facts.old.version
    turned = back or any(mark.what is What.ROLLBACK for mark in known.marks)
    where = "the candidate on staging" if known.request.target == "staging" else "the last new instance"
    rows = (
        (
            "Time to detect",
            times.to_detect,
            f"from the first sign of trouble with {version} until the run turned",
            "a person asked for this rollback" if back else "the run did not turn by itself",
        ),
        (
            "Time to deploy",
            times.to_deploy,
            f"from the start of the run to {where}",
            "a rollback: see the time to recover" if back else f"{version} did not get everywhere",
        ),
        (
            "Time to recover",
            times.to_recover,
            f"from the {'start of the run' if back else 'turn'} until {old} was verified everywhere",
            f"{old} has not been verified everywhere" if turned else "nothing was rolled back",
        ),
    )
    return Figures(tuple((n, "none" if t is None else spoken(t), no if t is None else yes) for n, t, yes, no in rows))


def _facts(known: Incident) -> Table:
    request, facts, ending = known.request, known.facts, known.ending
    rows: list[tuple[str, Phrase]] = [
        ("Run", (Code(known.run),)),
        ("Operator", (sections.operator(request),)),
        ("Environment", (request.target,)),
        ("From", ("nothing",) if request.first else _revision(facts.old)),
        ("To", _revision(Revision(facts.version, facts.commit))),
        ("Started", (_moment(known.started),)),
        ("Ended", (_moment(known.latest) if known.over else "not when this was written",)),
        ("Exit code", (result(ending.code) if ending else "none yet",)),
        *(("Remark", (remark,)) for remark in facts.remarks),
    ]
    return Table(("", ""), tuple(((name,), value) for name, value in rows))


def _revision(revision: Revision) -> Phrase:
    return (f"{revision.version} ", Code(revision.commit[:12])) if revision.commit else (revision.version,)


def _moment(at: Instant) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
