"""A run from the lock to the document, for whoever starts one: the command line, and later others."""

import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from .. import __version__
from ..core.conclude import again_command, conclude
from ..core.ending import Ending
from ..core.events import AnyEvent, RunEnded, RunStarted
from ..core.facts import Environment, Facts, Request
from ..core.incident import incident
from ..core.plan import plan
from ..core.policy import Policy
from ..core.revision import UNKNOWN
from ..core.run import Run, fold
from ..errors import LockHeld, UsageError
from ..herald import Herald
from ..journal.sqlite import SqliteStore
from ..lock.local import Lease
from ..runner import Runner, View
from .channels import severities
from .documents import read_notes, write_files
from .project import Project

Consent = Callable[[RunStarted], bool]
"""Whether the operator agrees to what is planned."""


def run_id() -> str:
    """A name for a run that sorts by time and is never used twice: `20261123-031209-9f2c`."""
    return time.strftime("%Y%m%d-%H%M%S-", time.gmtime()) + secrets.token_hex(2)


async def deploy(project: Project, request: Request, policy: Policy, consent: Consent, views: Sequence[View]) -> Ending:
    """Deploy a hotfix branch. Raises `LockHeld`, `CheckFailed` or `UsageError` when it does not come to a run."""
    environments = environments_of(project, request)
    for environment in environments:
        _refuse_what_is_unfinished(project, environment)
    lease = project.locks.acquire(environments, run_id(), project.operator)
    return await _under(project, lease, lambda: _deploy(project, request, policy, consent, views, lease))


async def _deploy(
    project: Project, request: Request, policy: Policy, consent: Consent, views: Sequence[View], lease: Lease
) -> Ending:
    started = await planned_deploy(project, request, policy, lease.run, lease.fence)
    if not consent(started):
        raise UsageError("not agreed to: nothing was done")
    return await conduct(project, started, views, lease)


async def planned_deploy(project: Project, request: Request, policy: Policy, run: str, fence: int) -> RunStarted:
    """What a deploy would be: the first event of the run, with facts and steps. Nothing is changed by it."""
    facts = await project.discovery.for_deploy(request, environments_of(project, request), _rest(project, fence))
    return _first(project, run, request, policy, facts)


async def rollback(project: Project, request: Request, policy: Policy, views: Sequence[View]) -> Ending:
    """Bring another version to the whole target. Takes the lock from whoever holds it: the caller has asked first."""
    lease = project.locks.acquire((request.target,), run_id(), project.operator, "rollback", takeover=True)
    return await _under(project, lease, lambda: _rollback(project, request, policy, views, lease))


async def first(project: Project, request: Request, policy: Policy, views: Sequence[View]) -> Ending:
    """Bring a version to a target where nothing runs yet. Raises `LockHeld` while somebody else is at it."""
    lease = project.locks.acquire((request.target,), run_id(), project.operator, "first deployment")
    return await _under(project, lease, lambda: _rollback(project, request, policy, views, lease))


async def _rollback(project: Project, request: Request, policy: Policy, views: Sequence[View], lease: Lease) -> Ending:
    facts = await project.discovery.for_rollback(request, _rest(project, lease.fence))
    return await conduct(project, _first(project, lease.run, request, policy, facts), views, lease)


async def conduct(project: Project, started: RunStarted, views: Sequence[View], lease: Lease) -> Ending:
    """Drive the run as long as `lease` is its own, tell people, and write the document once more when all is known."""
    target = msgspec.structs.replace(lease, environments=(started.request.target,))
    channels, _ = project.channels()
    performers = project.performers(lambda run: write_document(project, run.id, conclude(run)))
    herald = Herald(
        channels,
        lambda event: runner.tell(event),
        project.clock,
        severities=severities(project.settings),
        redact=project.redact,
    )
    runner = Runner(
        project.store,
        performers,
        clock=project.clock,
        taken_over=lambda: _taken_over(project, target),
        views=views,
        listeners=[herald],
    )
    try:
        return await runner.drive(started)
    finally:
        await herald.close()
        await runner.close()
        await project.http.aclose()
        for failed in runner.dropped:
            print(f"A view failed, and the run went on without it: {failed}", file=sys.stderr)
        try:
            write_document(project, started.run)
        except Exception as error:  # paper work: it must not hide how the run ended
            print(f"The incident document could not be brought up to date: {error!r}", file=sys.stderr)


def write_document(project: Project, run: str, so_far: Ending | None = None, copy: Path | None = None) -> Path:
    """Write a run's incident document from its journal and the notes that were given; into the folder `copy` as well.

    Returns the Markdown's path, the copy's where one was asked for. `so_far` is the run's ending where the journal
    does not have it yet.
    """
    store = SqliteStore(project.home / "journal.db")
    try:
        events: list[AnyEvent] = [event for _, event in store.events(run)]
    finally:
        store.close()
    if so_far is not None and not any(isinstance(event, RunEnded) for event in events):
        events.append(RunEnded(at=events[-1].at, ending=so_far))
    folder = project.home / "runs" / run
    document = incident(events, read_notes(folder))
    path = write_files(folder, document)
    return write_files(copy, document) if copy is not None else path


def environments_of(project: Project, request: Request) -> tuple[str, ...]:
    """What a deploy touches, and locks: staging first, where it is not skipped, and the target."""
    if request.target == "staging" or "staging" in request.reasons:
        return (request.target,)
    if "staging" not in project.settings.environments:
        raise UsageError(
            "no staging environment is configured",
            next_step='describe it as [environments.staging.NAME], or --skip-staging --reason "…"',
        )
    return ("staging", request.target)


def _rest(project: Project, fence: int) -> Facts:
    """The facts that need no looking for."""
    _, unconfigured = project.channels()
    return Facts(
        old=UNKNOWN,
        old_from="",
        base="",
        commit="",
        version="",
        checks=tuple(project.checks),
        smoke_tests=bool(project.settings.staging.smoke),
        probes=bool(project.settings.watch.probes),
        metrics=project.metrics is not None,
        unconfigured=unconfigured,
        fence=fence,
    )


def _first(project: Project, run: str, request: Request, policy: Policy, facts: Facts) -> RunStarted:
    steps = plan(request, policy, facts)
    return RunStarted(
        at=project.clock(), run=run, request=request, policy=policy, facts=facts, steps=steps, tool=__version__
    )


def _taken_over(project: Project, lease: Lease) -> str:
    """By whom, in words; empty while the lease is ours."""
    other = project.locks.taken_by(lease)
    return f"run {other} has taken over" if other else ""


def _refuse_what_is_unfinished(project: Project, environment: Environment) -> None:
    """A run that left its target half-way is for a rollback to take, not for the next deploy."""
    holder = project.locks.holder(environment)
    if holder is None or (holder.alive and holder.state == "held"):
        return
    left = left_touched(project, holder.run)
    if left is not None and left.request.target == environment:
        back = f"rollback-deploy-auto --version {left.facts.way_back} --target {environment}"
        raise LockHeld(
            f"run {left.id} left {environment} unfinished while {left.facts.version} was on its way",
            detail=f"before it, {'nothing' if left.request.first else left.facts.running} ran",
            next_step=back if left.request.action == "deploy" else again_command(left),
        )


def left_touched(project: Project, run: str) -> Run | None:
    """The run, if it has changed what serves and has not come to an end."""
    events = [event for _, event in project.store.events(run)]
    if not events:
        return None
    state = fold(events)
    open_ended = state.ending is None or state.ending.unfinished
    return state if state.touched and open_ended else None


async def _under(project: Project, lease: Lease, body: Callable[[], Awaitable[Ending]]) -> Ending:
    """Do `body` under the lock; then free it. What was left half-way keeps its mark, or gets one."""
    ending: Ending | None = None
    try:
        ending = await body()
        return ending
    finally:
        left = left_touched(project, lease.run) or (_not_taken_up(project, lease) if ending is None else None)
        if left is not None:
            # Its target alone: nobody waits for a rollback of staging.
            target = msgspec.structs.replace(lease, environments=(left.request.target,))
            project.locks.suspend(target, ending.summary if ending else f"run {left.id} broke off")
        project.locks.release(lease)


def _not_taken_up(project: Project, lease: Lease) -> Run | None:
    """The run whose place was taken and whose work was left, when nothing came of this one."""
    return left_touched(project, lease.taken_from) if lease.taken_from else None
