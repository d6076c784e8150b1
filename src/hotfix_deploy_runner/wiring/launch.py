"""A run from the lock to the document, for whoever starts one: the command line, and later others."""

import secrets
import time
from collections.abc import Callable, Sequence

from .. import __version__
from ..core.ending import Ending
from ..core.events import RunStarted
from ..core.facts import Facts, Request
from ..core.plan import plan
from ..core.policy import Policy
from ..core.revision import UNKNOWN
from ..doors.signals import Signals
from ..errors import UsageError
from ..lock.local import Lease
from ..runner import View
from .conduct import begin_run
from .holding import Body, refuse_what_is_unfinished, under
from .project import Project
from .recorded import kept_flags, recorded

Consent = Callable[[RunStarted], bool]
"""Whether the operator agrees to what is planned."""


def run_id() -> str:
    """A name for a run that sorts by time and is never used twice: `20261123-031209-9f2c`."""
    return time.strftime("%Y%m%d-%H%M%S-", time.gmtime()) + secrets.token_hex(2)


async def deploy(project: Project, request: Request, policy: Policy, consent: Consent, views: Sequence[View]) -> Ending:
    """Deploy a hotfix branch. Raises `LockHeld`, `CheckFailed` or `UsageError` when it does not come to a run."""
    environments = environments_of(project, request)
    for environment in environments:
        refuse_what_is_unfinished(project, environment)
    lease = project.locks.acquire(environments, run_id(), project.operator)

    async def body(signals: Signals) -> Ending:
        started = await planned_deploy(project, request, policy, lease.run, lease.fence)
        if not consent(started):
            raise UsageError("not agreed to: nothing was done")
        return await begin_run(project, started, views, lease, signals)

    return await under(project, lease, body)


async def planned_deploy(project: Project, request: Request, policy: Policy, run: str, fence: int) -> RunStarted:
    """What a deploy would be: the first event of the run, with facts and steps. Nothing is changed by it."""
    facts = await project.discovery.for_deploy(request, environments_of(project, request), _rest(project, fence))
    return _first(project, run, request, policy, facts)


async def rollback(project: Project, request: Request, policy: Policy, views: Sequence[View]) -> Ending:
    """Bring another version to the whole target. Takes the lock from whoever holds it: the caller has asked first."""
    lease = project.locks.acquire((request.target,), run_id(), project.operator, "rollback", takeover=True)
    return await under(project, lease, _bringing(project, request, policy, views, lease))


async def first(project: Project, request: Request, policy: Policy, views: Sequence[View]) -> Ending:
    """Bring a version to a target where nothing runs yet. Raises `LockHeld` while somebody else is at it."""
    lease = project.locks.acquire((request.target,), run_id(), project.operator, "first deployment")
    return await under(project, lease, _bringing(project, request, policy, views, lease))


def _bringing(project: Project, request: Request, policy: Policy, views: Sequence[View], lease: Lease) -> Body:
    async def body(signals: Signals) -> Ending:
        facts = await project.discovery.for_rollback(request, _rest(project, lease.fence))
        return await begin_run(project, _first(project, lease.run, request, policy, facts), views, lease, signals)

    return body


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
        at=project.clock(),
        run=run,
        request=request,
        policy=policy,
        facts=facts,
        steps=steps,
        tool=__version__,
        settings=recorded(project.settings, project.redact),
        flags=kept_flags(project.loaded.flags, project.redact),
        config=str(project.loaded.named.absolute()) if project.loaded.named else "",
    )
