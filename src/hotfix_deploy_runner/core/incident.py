"""A run as an incident: everything that the document says, as data. Pure; how it looks is the views' business."""

from collections.abc import Iterator, Sequence

import msgspec

from .bounds import Bounds, bounds
from .check import Line, Status, worst
from .conclude import conclude
from .ending import Ending
from .events import AnyEvent
from .facts import Facts, Request
from .instant import Instant
from .marks import Mark, marks
from .notes import Notes
from .plan_back import DOCUMENT
from .policy import Watching
from .progress import Progress
from .run import Run, fold
from .series import Series, series
from .timeline import Moment, Telling, tellings, timeline
from .times import Times, times
from .verdict import Verdict


class Commit(msgspec.Struct, frozen=True):
    """A commit of the hotfix, as the branch had it."""

    commit: str
    author: str = ""
    subject: str = ""


class Checked(msgspec.Struct, frozen=True):
    """A pre-flight check, a test of staging or the probes, with the answer. No lines: the run ended before it."""

    name: str
    status: Status
    lines: tuple[Line, ...] = ()


class Exemption(msgspec.Struct, frozen=True):
    """What was skipped or overridden, and the reason that was given or found; empty when there was none."""

    what: str
    why: str


class Incident(msgspec.Struct, frozen=True):
    """Everything the document says. Versions, commits and the operator are in `request` and `facts`.

    `ending` is how the run ended or, while its last steps are under way, how it is about to (`over` False); None
    while it can still go either way.
    `commits` and `diffstat` are what the branch brings to the base. `series` are the readings by version, `bounds`
    what they were held against, `marks` what was done meanwhile. `notes` are a person's to write; empty ones are
    shown as blanks.
    """

    run: str
    request: Request
    facts: Facts
    limits: Watching
    started: Instant
    latest: Instant
    ending: Ending | None
    over: bool
    times: Times
    timeline: tuple[Moment, ...]
    commits: tuple[Commit, ...]
    diffstat: str
    checks: tuple[Checked, ...]
    verdict: Verdict | None
    series: tuple[Series, ...]
    bounds: Bounds
    marks: tuple[Mark, ...]
    tellings: tuple[Telling, ...]
    exemptions: tuple[Exemption, ...]
    notes: Notes = Notes()

    @property
    def title(self) -> str:
        """What it was about, in a few words."""
        if self.request.first:
            return f"First deployment of {self.facts.version} on {self.request.target}"
        if self.request.action == "rollback":
            return f"Rollback of {self.request.target} to {self.facts.version}"
        return f"Hotfix {self.facts.version} for {self.request.target} ({self.request.branch})"


def incident(events: Sequence[AnyEvent], notes: Notes | None = None) -> Incident:
    """The incident that the events of one run tell, with what a person wrote of it.

    Raises `ValueError` when the first event is not `RunStarted`.
    """
    run = fold(list(events))
    found = run.steps["worktree"].found if "worktree" in run.steps else {}
    return Incident(
        run=run.id,
        request=run.request,
        facts=run.facts,
        limits=run.policy.watching,
        started=run.started,
        latest=run.latest,
        ending=run.ending or (conclude(run) if DOCUMENT in run.steps else None),
        over=run.ending is not None,
        times=times(run, events),
        timeline=timeline(events),
        commits=msgspec.convert(found.get("commits", ()), tuple[Commit, ...]),
        diffstat=str(found.get("diffstat", "")),
        checks=tuple(_checks(run)),
        verdict=run.verdict,
        series=series(events),
        bounds=bounds(run),
        marks=marks(run, events),
        tellings=tellings(events),
        exemptions=tuple(_exemptions(run)),
        notes=notes or Notes(),
    )


def to_json(known: Incident) -> bytes:
    """The incident as one JSON object, keys in a fixed order; instants are seconds since 1970 in UTC."""
    return msgspec.json.format(msgspec.json.encode(known, order="deterministic"), indent=2)


def _checks(run: Run) -> Iterator[Checked]:
    for progress in run.steps.values():
        if progress.step.does in ("check", "smoke", "health", "probes"):
            name = str(progress.step.args.get("check", _NAMES.get(progress.step.does, "")))
            yield Checked(name, _status(progress), progress.lines)


_NAMES = {"smoke": "smoke tests", "health": "staging's health", "probes": "probes in production"}


def _status(progress: Progress) -> Status:
    """The worst of its lines, but never better than how it ended."""
    if progress.failed:
        return Status.FAIL
    return worst(line.status for line in progress.lines) if progress.passed else Status.SKIP


def _exemptions(run: Run) -> Iterator[Exemption]:
    """What was overridden by the operator, then every line that says that something was skipped."""
    for what, why in run.request.reasons.items():
        yield Exemption(what, why)
    for progress in run.steps.values():
        for line in progress.lines:
            if line.status is Status.SKIP:
                yield Exemption(line.text, " ".join(line.detail))
