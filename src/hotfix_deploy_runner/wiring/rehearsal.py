"""A test message to the channels: whether they work, before they are needed."""

import asyncio
import uuid

from ..core.check import Line, Status
from ..core.notice import Notice, Severity
from ..doors.together import together
from ..errors import HotfixError
from ..herald import LIMIT
from ..ports import Notifier
from .channels import Wanted, made, wanted
from .project import Project


async def rehearse(project: Project, only: str = "") -> list[Line]:
    """Send a test message, once, to the channel `only`, else to all that are configured; a line each on what came of
    it. Severities are not looked at. Raises `UsageError` for a name that is none.
    """
    notifiers = project.settings.notifiers
    names = [only] if only else [*project.settings.notify, *notifiers]
    try:
        return list(await together(*(_line(project, one) for one in wanted(names, notifiers))))
    finally:
        await project.http.aclose()


async def _line(project: Project, one: Wanted) -> Line:
    try:
        ready, not_ready = made([one], project.workplace)
    except HotfixError as error:
        return _failed(project, one, error)
    if one.name in not_ready:
        return Line(Status.SKIP, f"{one.name} is not configured", (not_ready[one.name],))
    try:
        await _send(project, ready[one.name])
    except TimeoutError:
        return Line(Status.FAIL, f"{one.name} was not told: no answer in {LIMIT:g} s")
    except Exception as error:  # a plug-in's own, too
        return _failed(project, one, error)
    return Line(Status.OK, f"{one.name} has taken the test message")


async def _send(project: Project, channel: Notifier) -> None:
    run = f"test-{uuid.uuid4().hex[:8]}"
    text = f"Sent by {project.operator} on {project.host}. Nothing is being deployed."
    title = "This is a test from hotfix-deploy-runner"
    async with asyncio.timeout(LIMIT):
        await channel.tell(Notice(f"{run}:test", run, project.clock(), Severity.INFO, title, text), None)


def _failed(project: Project, one: Wanted, error: Exception) -> Line:
    message = error.message if isinstance(error, HotfixError) else repr(error)
    detail = error.detail.splitlines() if isinstance(error, HotfixError) else []
    return Line(Status.FAIL, project.redact(f"{one.name} was not told: {message}"), tuple(map(project.redact, detail)))
