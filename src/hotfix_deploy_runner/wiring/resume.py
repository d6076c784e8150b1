"""Going on with a run that its process has left: to its end, or back to what ran before."""

from collections.abc import Callable, Sequence

import msgspec

from .. import __version__
from ..core.ending import Ending
from ..core.events import AnyEvent, RequestReceived, Resumed, StepStarted
from ..core.facts import Environment
from ..core.migrating import brought
from ..core.plan import PREPARE
from ..core.plan_back import CLEANUP
from ..core.run import Run, fold
from ..core.step import Course
from ..doors.signals import Signals
from ..errors import Unreachable, UsageError
from ..journal.store import InboxRequest
from ..runner import View
from .bringing import bring
from .conduct import Past, go_on, wind_up
from .holding import under
from .project import Project
from .recorded import differences
from .sharing import Held, shared_locks, take, take_for_the_way_back

Waits = Callable[[str], None]
"""Is told whom is waited for."""


async def resume(
    project: Project,
    past: Past,
    views: Sequence[View],
    *,
    accept: bool = False,
    offline: bool = False,
    waits: Waits = lambda why: None,
) -> Ending:
    """Go on with the run, to its end. What is not as it was when it began needs `accept`.

    One whose process was on a machine that is silent now is waited for until it counts as dead. Raises `LockHeld` where
    somebody drives it, `UsageError` where it is over, or would not go on as it began.
    """
    changed = _changed(project, past)
    if not accept:
        _refuse_what_differs(past.run, changed)
    _refuse_what_is_over(past.run)
    environments, run = _environments(project, past.run), past.run.id
    commons = None if offline else await project.commons()
    if commons is None:
        held = await take(project, environments, run, "resume", offline=offline)
    else:
        locks = shared_locks(project, commons)
        held = await locks.take_from_the_dead(environments, lambda: take(project, environments, run, "resume"), waits)
    return await _go_on(project, past, views, held, _resumed(project, changed), ())


async def abort(project: Project, past: Past, views: Sequence[View], request: InboxRequest) -> Ending:
    """Bring back what ran before the run, by its own way back; before its target was touched, just end it.

    Whatever has changed since it began. Takes the lock from a holder that does not answer: the caller has asked first.
    """
    resumed = _resumed(project, _changed(project, past))
    asked = RequestReceived(at=resumed.at, request=request.id, verb=request.verb, by=request.by, reason=request.reason)
    _refuse_what_is_over(past.run)
    environments = _environments(project, past.run)
    held = await take_for_the_way_back(project, environments, past.run.id, "abort", insist=True)
    return await _go_on(project, past, views, held, resumed, (asked,))


async def _go_on(
    project: Project,
    past: Past,
    views: Sequence[View],
    held: Held,
    resumed: Resumed,
    asked: Sequence[RequestReceived],
) -> Ending:
    async def body(signals: Signals) -> Ending:
        known = await _as_the_team_has_it(project, past, held, wait=not asked)
        run = known.run
        if run.ending is not None and not run.ending.unfinished:
            for seq, event in await wind_up(project, known):
                _carry(held, seq, event)
            return run.ending
        going_on = msgspec.structs.replace(resumed, fence=held.lease.fence)
        unnoted = await _unnoted(project, run)
        after = fold([event for _, event in known.events] + [*unnoted, going_on])
        if not asked and after.course is Course.FORWARD and not after.passed(CLEANUP):
            await project.preflight.again(run)
            if run.passed("build") and not run.passed(PREPARE):
                await project.build.again(run)
        return await go_on(project, known, (*unnoted, going_on, *asked), views, held, signals)

    return await under(project, held, body)


async def _as_the_team_has_it(project: Project, past: Past, held: Held, *, wait: bool) -> Past:
    """The run with what somebody else may have recorded of it meanwhile; what only is here is carried there.

    A way back does not wait for news.
    """
    if held.commons is None or held.courier is None:
        return past
    try:
        held.courier.known(await bring(held.commons, project, past.run.id))
    except Unreachable:
        if wait:
            raise
        held.courier.keep_events_back()
    known = Past.of(project.store.events(past.run.id))
    for seq, event in known.events:
        held.courier.event(seq, event)
    return known


async def _unnoted(project: Project, run: Run) -> tuple[AnyEvent, ...]:
    """That a batch had begun, where its process, on another machine, could not tell anybody: the platform shows it.

    Nor need it have told that its tag was made: it waits for no word of that.
    """
    first = next((p.step for p in run.steps.values() if p.step.does == "batch"), None)
    if first is None or run.touched or not any(p.begun and p.step.does == "tag" for p in run.steps.values()):
        return ()
    fleets = await project.discovery.fleets(run.request.target)
    if not any(i.revision.version == run.new.version for found in fleets for i in found.fleet.instances):
        return ()
    return (StepStarted(at=run.latest, step=first.id),)


def _carry(held: Held, seq: int, event: AnyEvent) -> None:
    if held.courier is not None:
        held.courier.event(seq, event)


def _refuse_what_is_over(run: Run) -> None:
    if run.taken_over:
        raise UsageError(f"run {run.id} is over: {run.taken_over}", next_step="hotfix-deploy-runner status --instances")


def _resumed(project: Project, changed: tuple[str, ...]) -> Resumed:
    """Without its fence, which the lock gives."""
    return Resumed(
        at=project.clock(), by=project.operator, host=project.host, fence=0, tool=__version__, accepted=changed
    )


def _changed(project: Project, past: Past) -> tuple[str, ...]:
    return differences(past.started, project.settings, project.redact)


def _environments(project: Project, run: Run) -> tuple[Environment, ...]:
    """What the run is to hold: what it holds still, and its target; before that is touched, staging as well.

    The target comes last, and is freed last: as long as it is held, the run is found to be unfinished.
    """
    others = [e for e in run.facts.environments if e != run.request.target]
    return (*(e for e in others if not run.touched or _holds(project, run, e)), run.request.target)


def _holds(project: Project, run: Run, environment: Environment) -> bool:
    holder = project.locks.holder(environment)
    return holder is not None and holder.run == run.id


def _refuse_what_differs(run: Run, changed: Sequence[str]) -> None:
    seen = [*changed]
    if brought(run) and any(p.step.does == "migrate" and p.running for p in run.steps.values()):
        seen.append("a migration was under way, and may be half applied: look at the database; it will be run again")
    if seen:
        raise UsageError(
            f"run {run.id} would not go on as it began",
            detail="\n".join(seen),
            next_step=f"hotfix-deploy-runner resume {run.id} --accept, or abort {run.id}",
        )
