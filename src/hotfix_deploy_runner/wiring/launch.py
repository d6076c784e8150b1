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
from ..runner import View
from .bringing import bring
from .conduct import begin_run
from .domain import claim
from .holding import Body, refuse_what_is_unfinished, refuse_what_was_left, under
from .project import Project
from .recorded import kept_flags, recorded
from .sharing import Held, take, take_for_the_way_back
from .team import catch_up

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
    if not request.offline:
        await catch_up(project)
        await claim(project, environments)
    held = await take(project, environments, run_id(), offline=request.offline)

    async def body(signals: Signals) -> Ending:
        await refuse_what_was_taken(project, held)
        started = await planned_deploy(project, request, policy, held.lease.run, held.lease.fence)
        if not consent(started):
            raise UsageError("not agreed to: nothing was done")
        await held.confirm()
        return await begin_run(project, started, views, held, signals)

    return await under(project, held, body)


async def planned_deploy(project: Project, request: Request, policy: Policy, run: str, fence: int) -> RunStarted:
    """What a deploy would be: the first event of the run, with facts and steps. Nothing is changed by it."""
    facts = await project.discovery.for_deploy(request, environments_of(project, request), _rest(project, fence))
    return _first(project, run, request, policy, facts)


async def rollback(project: Project, request: Request, policy: Policy, views: Sequence[View]) -> Ending:
    """Bring another version to the whole target. Takes the lock from whoever holds it: the caller has asked first."""
    held = await take_for_the_way_back(project, (request.target,), run_id(), "rollback", takeover=True)
    return await under(project, held, _bringing(project, request, policy, views, held))


async def first(project: Project, request: Request, policy: Policy, views: Sequence[View]) -> Ending:
    """Bring a version to a target where nothing runs yet. Raises `LockHeld` while somebody else is at it."""
    await claim(project, (request.target,))
    held = await take(project, (request.target,), run_id(), "first deployment")
    return await under(project, held, _bringing(project, request, policy, views, held))


def _bringing(project: Project, request: Request, policy: Policy, views: Sequence[View], held: Held) -> Body:
    async def body(signals: Signals) -> Ending:
        facts = await project.discovery.for_rollback(request, _rest(project, held.lease.fence))
        started = _first(project, held.lease.run, request, policy, facts)
        return await begin_run(project, started, views, held, signals)

    return body


async def refuse_what_was_taken(project: Project, held: Held) -> None:
    """A run of somebody else's that had not let go, and left its target half-way, is not for a deploy to take either.

    Its events are brought here first. Raises `LockHeld`.
    """
    for environment, run in held.taken_from:
        if held.commons is not None:
            await bring(held.commons, project, run)
        refuse_what_was_left(project, environment, run)


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
