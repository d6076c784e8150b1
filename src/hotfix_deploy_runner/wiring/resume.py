"""Going on with a run that its process has left: to its end, or back to what ran before."""

from collections.abc import Sequence

import msgspec

from .. import __version__
from ..core.ending import Ending
from ..core.events import RequestReceived, Resumed
from ..core.facts import Environment
from ..core.migrating import brought
from ..core.plan_back import CLEANUP
from ..core.run import Run, apply
from ..core.step import Course
from ..doors.signals import Signals
from ..errors import UsageError
from ..journal.store import InboxRequest
from ..runner import View
from .conduct import Past, go_on, wind_up
from .holding import under
from .project import Project
from .recorded import differences


async def resume(project: Project, past: Past, views: Sequence[View], *, accept: bool = False) -> Ending:
    """Go on with the run, to its end. What is not as it was when it began needs `accept`.

    Raises `LockHeld` where somebody drives it, `UsageError` where it is over, or would not go on as it began.
    """
    changed = _changed(project, past)
    if not accept:
        _refuse_what_differs(past.run, changed)
    return await _take_up(project, past, views, _resumed(project, changed), ())


async def abort(project: Project, past: Past, views: Sequence[View], request: InboxRequest) -> Ending:
    """Bring back what ran before the run, by its own way back; before its target was touched, just end it.

    Whatever has changed since it began. Takes the lock from a holder that does not answer: the caller has asked first.
    """
    resumed = _resumed(project, _changed(project, past))
    asked = RequestReceived(at=resumed.at, request=request.id, verb=request.verb, by=request.by, reason=request.reason)
    return await _take_up(project, past, views, resumed, (asked,))


async def _take_up(
    project: Project, past: Past, views: Sequence[View], resumed: Resumed, asked: Sequence[RequestReceived]
) -> Ending:
    run = past.run
    if run.taken_over:
        raise UsageError(f"run {run.id} is over: {run.taken_over}", next_step="hotfix-deploy-runner status --instances")
    environments, hung = _environments(project, run), bool(asked) and _holds(project, run, run.request.target)
    lease = project.locks.acquire(environments, run.id, project.operator, "resume", takeover=hung)

    async def body(signals: Signals) -> Ending:
        if run.ending is not None and not run.ending.unfinished:
            await wind_up(project, past)
            return run.ending
        taken_up = msgspec.structs.replace(resumed, fence=lease.fence)
        after = apply(run, taken_up)
        if not asked and after.course is Course.FORWARD and not after.passed(CLEANUP):
            await project.preflight.again(run)
        return await go_on(project, past, (taken_up, *asked), views, lease, signals)

    return await under(project, lease, body)


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
