"""What one does to the team's locks by hand, and catching up with the team after it could not be reached."""

import asyncio
import sys
from collections.abc import Mapping

from ..core.check import Line, Status
from ..core.facts import Environment
from ..core.instant import Seconds
from ..core.run import Run, fold
from ..errors import HotfixError, Unreachable, UsageError
from ..journal.rows import RunId
from ..lock.record import LockRecord
from ..shared.commons import Change, Commons, Numbered, Seen
from ..shared.locks import Hold, fresh, held, refuse_elsewhere
from ..steps.tag import ROLLED_BACK
from .bringing import bring, is_driven_here, superseded
from .holding import left_open, left_touched
from .project import Project
from .sharing import shared_locks

_STATUS = "hotfix-deploy-runner status"


async def the_commons(project: Project) -> Commons:
    """The place that the team shares. Raises `UsageError` where there is none."""
    commons = await project.commons()
    if commons is None:
        local = project.settings.journal == "local"
        why = "journal is local" if local else f"git knows no remote {project.settings.remote}"
        raise UsageError(f"there is no team to keep out here: {why}", next_step="hotfix-deploy-runner config show")
    return commons


async def standing_locks(project: Project, within: Seconds) -> Mapping[Environment, LockRecord]:
    """Every lock that the team has, none where there is no team. Raises `Unreachable`, after `within` at most."""
    commons = await project.commons()
    if commons is None:
        return {}
    try:
        async with asyncio.timeout(within):
            return {one: seen.record for one, seen in (await commons.look()).items()}
    except TimeoutError:
        raise Unreachable(f"{commons.name} does not answer within {within:g} s") from None


async def freeze(project: Project, environment: Environment, reason: str) -> None:
    """Keep every deploy out until `thaw`; a rollback gets through all the same. Raises `LockHeld` unless it is free."""
    commons = await the_commons(project)
    seen = (await commons.look([environment]))[environment]
    refuse_elsewhere(environment, seen.record, commons.name)
    if seen.record.state != "free":
        raise held(environment, seen.record)
    fence = seen.record.fence or int(project.clock())
    record = LockRecord(fence, "frozen", "", project.operator, project.redact(reason), project.clock())
    await _write(project, commons, environment, record, seen)


async def thaw(project: Project, environment: Environment) -> LockRecord:
    """Let deploys in again, also where the lock was said to be kept elsewhere; what was there. Raises `UsageError`."""
    commons = await the_commons(project)
    seen = (await commons.look([environment]))[environment]
    if seen.record.state not in ("frozen", "elsewhere"):
        raise UsageError(f"{environment} is not frozen: it is {seen.record.state}", next_step=_STATUS)
    await _write(project, commons, environment, seen.record._replace(state="free", why=""), seen)
    return seen.record


async def take_over(project: Project, environment: Environment, reason: str) -> LockRecord:
    """Take the place of whoever holds `environment`, at once, because a human knows that it is gone; what was there.

    What its run left unfinished stays closed to deploys, for `resume` or `abort` from any clone; the rest is free. The
    holder, should it live, may write nothing more. Raises `UsageError` where nobody holds it.
    """
    commons = await the_commons(project)
    locks = await commons.look()
    before = locks.get(environment, Seen("", LockRecord())).record
    if before.state not in ("held", "suspended"):
        raise UsageError(f"no run holds {environment}: it is {before.state}", next_step=_STATUS)
    await bring(commons, project, before.run)
    left = left_open(project, before.run)
    why = f"taken over by {project.operator}: {project.redact(reason)}"
    theirs = {one: seen for one, seen in locks.items() if seen.record.run == before.run and seen.record.state != "free"}
    records = {}
    for one, seen in theirs.items():
        records[one] = fresh(_left(seen.record, one, left, why)._replace(fence=seen.record.fence + 1))
    await commons.change(Change({one: seen.token for one, seen in theirs.items()}, records))
    return before


async def reconcile(project: Project) -> list[Line]:
    """Give the team what it could not be given: events, freed locks, marks of versions that were rolled back.

    What was done, a line each; none when nothing was owed. What cannot be done for one run is said, and keeps no other
    from it. Raises `Unreachable`.
    """
    commons = await the_commons(project)
    lines: list[Line] = []
    locks = await commons.look()
    for run in owed(project):
        try:
            lines += await _carry(commons, project, run, only=_in_other_hands(locks, project, run))
        except Unreachable:
            raise
        except HotfixError as error:
            lines.append(Line(Status.WARN, f"Run {run}: {error.message}", tuple(error.detail.splitlines()[-3:])))
    lines += await _free_what_is_ours(commons, project)
    lines += await _raise_fences(commons, project)
    return [*lines, *await _mark(project)]


def owed(project: Project) -> list[RunId]:
    """This clone's runs of which the team does not have every event."""
    known = project.carried.known()
    rows = (row for row in project.store.runs() if row.run in known and row.last_seq > known[row.run])
    return [row.run for row in rows if not is_driven_here(project, row.run)]


async def _carry(commons: Commons, project: Project, run: RunId, *, only: bool) -> list[Line]:
    """The run's events that are missing there; `only` as in `bring`.

    What was recorded after somebody else had taken it up is not the run.
    """
    known = project.store.events(run)
    there = await bring(commons, project, run, only=only)
    ours = project.store.events(run)
    lines = [_put_aside(project, run)] if ours[: len(known)] != known else []
    events = tuple(Numbered(seq, event) for seq, event in ours if seq > there)
    if events:
        await commons.change(Change(run=run, after=there, events=events))
        lines.append(Line(Status.OK, f"Run {run}: {len(events)} events carried to {commons.name}"))
    lines += await _push_tags(project, run)
    project.carried.note(run, there + len(events))
    return lines


def _put_aside(project: Project, run: RunId) -> Line:
    where = (f"what was recorded here alone: {superseded(project, run)}",)
    return Line(Status.WARN, f"Run {run}: somebody else has gone on with it", where)


def _in_other_hands(locks: Mapping[Environment, Seen], project: Project, run: RunId) -> bool:
    """Whether the run's lock was taken since it was held here: its fence is above every one that was given here."""
    return any(
        seen.record.run == run and seen.record.state != "free" and seen.record.fence > project.locks.fence(one)
        for one, seen in locks.items()
    )


async def _push_tags(project: Project, run: RunId) -> list[Line]:
    """The tags that a run has made without the remote. One that somebody else has made since stays as it is there."""
    known = fold([event for _, event in project.store.events(run)])
    if not known.request.offline:
        return []
    made = [p.step.args["tag"] for p in known.steps.values() if p.step.does in ("tag", "before") and p.passed]
    there = await project.git.remote_tags()
    refs = [f"refs/tags/{tag}" for tag in made if tag not in there]
    if refs:
        await project.git.push([f"{ref}:{ref}" for ref in refs], leases=dict.fromkeys(refs, ""))
    others = [tag for tag in made if tag in there and there[tag] != await project.git.resolve(f"refs/tags/{tag}")]
    return [
        Line(Status.WARN, f"{tag} of run {run} is another commit on {project.settings.remote}: {there[tag][:7]}")
        for tag in others
    ]


async def _free_what_is_ours(commons: Commons, project: Project) -> list[Line]:
    """The locks of runs of this clone whose process could not let go, or did not know that it had them, and is gone."""
    lines = []
    locks, noted = shared_locks(project, commons), project.carried.known()
    for environment, seen in (await commons.look()).items():
        run = seen.record.run
        ours = run in noted or bool(project.store.events(run))
        if seen.record.state != "held" or locks.may_live(seen.record) or not ours:
            continue
        record = _left(seen.record, environment, left_touched(project, run), f"run {run} broke off")
        await _write(project, commons, environment, record, seen)
        lines.append(Line(Status.OK, f"Lock of {environment}: {record.state}"))
    return lines


def _left(record: LockRecord, environment: Environment, left: Run | None, why: str) -> LockRecord:
    """The lock of a run that is gone: closed where it left something unfinished, namely `why`, else as it found it."""
    unfinished = left is not None and left.request.target == environment
    return record._replace(state="suspended", why=why) if unfinished else record.let_go()


async def _raise_fences(commons: Commons, project: Project) -> list[Line]:
    """Have the next run of any clone above what was used here without the team: platforms have seen that fence."""
    lines = []
    for environment, seen in (await commons.look(tuple(project.settings.environments))).items():
        fence = project.locks.fence(environment)
        if seen.record.state == "held" or seen.record.fence >= fence:
            continue
        await _write(project, commons, environment, seen.record._replace(fence=fence), seen)
        lines.append(Line(Status.OK, f"Lock of {environment}: the next fence is above {fence}"))
    return lines


async def _mark(project: Project) -> list[Line]:
    git = project.git
    here, there = await git.local_refs(ROLLED_BACK), await git.remote_refs(ROLLED_BACK)
    missing = [ref for ref in here if ref not in there]
    if missing:
        await git.push([f"{ref}:{ref}" for ref in missing])
    return [Line(Status.OK, f"{ref.removeprefix(ROLLED_BACK)} marked as rolled back for everybody") for ref in missing]


async def _write(project: Project, commons: Commons, environment: Environment, record: LockRecord, seen: Seen) -> Hold:
    return await shared_locks(project, commons).write([environment], record, {environment: seen})


async def catch_up(project: Project) -> None:
    """`reconcile` before something else, where something is owed. That it cannot be done now is no obstacle."""
    try:
        lines = await reconcile(project) if owed(project) else []
    except HotfixError as error:
        lines = [Line(Status.WARN, f"The team does not have all of this clone's runs: {error.message}")]
    for line in lines:
        print(f"{line.status}: {line.text}", file=sys.stderr)
