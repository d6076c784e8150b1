"""Asking something of the run in progress, from any terminal of any clone, and following what comes of it."""

import asyncio
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import click

from ..core.events import RequestReceived, RunEnded, Verb
from ..core.run import Run
from ..errors import HotfixError, Unreachable
from ..journal.rows import RunId
from ..journal.store import InboxRequest
from ..shared.locks import holder_words
from ..wiring.bringing import bring
from ..wiring.project import Project
from ..wiring.sharing import shared_locks
from .viewing import ClosableView

ANSWER_WITHIN = 10.0
"""Seconds that the holder of a run in progress has to take a request up, before it is taken over."""

LOCK_WITHIN = 5.0
"""Seconds that the team's place has to say who holds an environment."""

_LOOK_EVERY = 0.1
_LOOK_THERE_EVERY = 1.0


class Driver(NamedTuple):
    """A process that drives a run now: of this clone, or, with `remote`, of another, known by the team's lock."""

    run: RunId
    words: str
    remote: bool = False

    def __str__(self) -> str:
        return self.words


async def living_driver(project: Project, target: str) -> Driver | None:
    """Who drives a run on `target` now; None where nobody does, or what did has ended.

    The events of another clone's run are brought here. A place that does not answer is noted, and not asked.
    """
    holder = project.locks.holder(target)
    if holder is not None and holder.alive and holder.state == "held":
        return Driver(holder.run, str(holder))
    if project.team_is_silent:
        return None
    try:
        async with asyncio.timeout(LOCK_WITHIN):
            return await _elsewhere(project, target)
    except (Unreachable, TimeoutError):
        project.team_is_silent = True
        click.echo("Warning: who else may hold it could not be asked: the team's place does not answer", err=True)
        return None


async def _elsewhere(project: Project, target: str) -> Driver | None:
    commons = await project.commons()
    if commons is None:
        return None
    record = (await commons.look([target]))[target].record
    if record.state != "held" or not shared_locks(project, commons).may_live(record):
        return None
    await bring(commons, project, record.run)
    return Driver(record.run, holder_words(record), remote=True)


def request_for(project: Project, verb: Verb, reason: str) -> InboxRequest:
    """What the operator asks for, now."""
    return InboxRequest(secrets.token_hex(8), verb, project.operator, project.redact(reason), project.clock())


async def ask(project: Project, driver: Driver, verb: Verb, reason: str) -> InboxRequest:
    """Put a request into the run's inbox, where its driver reads it."""
    request = request_for(project, verb, reason)
    commons = await project.commons() if driver.remote else None
    if commons is None:
        project.store.ask(driver.run, request)
    else:
        await commons.ask(driver.run, request)
    return request


async def taken_up(project: Project, driver: Driver, request: InboxRequest) -> bool:
    """Wait until the driver has read the request; False when it does not within `ANSWER_WITHIN`."""
    deadline, look = time.monotonic() + ANSWER_WITHIN, _look(project, driver)
    while time.monotonic() < deadline:
        await look()
        events = (event for _, event in project.store.events(driver.run))
        if any(isinstance(event, RequestReceived) and event.request == request.id for event in events):
            return True
    return False


async def follow(
    project: Project, driver: Driver, run: Run, request: InboxRequest, shown: ClosableView
) -> RunEnded | None:
    """Show the run's events from its beginning, until it ends. None when the request is not taken up in time."""
    asked_at, answered, told, look = time.monotonic(), False, 0, _look(project, driver)
    while True:
        for number, event in project.store.events(run.id, after=told):
            shown.event(number, event)
            told = number
            answered = answered or (isinstance(event, RequestReceived) and event.request == request.id)
            if isinstance(event, RunEnded):
                return event
        if not answered and time.monotonic() - asked_at > ANSWER_WITHIN:
            click.echo(f"No answer within {ANSWER_WITHIN:g} s: taking over.", err=True)
            return None
        await look()


def _look(project: Project, driver: Driver) -> Callable[[], Awaitable[None]]:
    """Wait a little, and have here what is new of the run."""

    async def look() -> None:
        await asyncio.sleep(_LOOK_THERE_EVERY if driver.remote else _LOOK_EVERY)
        commons = await project.commons() if driver.remote else None
        if commons is not None:
            try:
                await bring(commons, project, driver.run)
            except HotfixError as error:
                print(f"Warning: {error.message}", file=sys.stderr)

    return look
