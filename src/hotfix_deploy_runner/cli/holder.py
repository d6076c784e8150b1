"""Asking something of the run in progress, from any terminal, and following what comes of it."""

import secrets
import time

import click

from ..core.events import RequestReceived, RunEnded, Verb
from ..core.run import Run
from ..journal.store import InboxRequest
from ..lock.local import Holder
from ..wiring.project import Project
from .viewing import ClosableView

ANSWER_WITHIN = 10.0
"""Seconds that the holder of a run in progress has to take a request up, before it is taken over."""

_LOOK_EVERY = 0.1


def living_holder(project: Project, target: str) -> Holder | None:
    """Who drives a run on `target` now; None where nobody does, or what did has ended."""
    holder = project.locks.holder(target)
    return holder if holder is not None and holder.alive and holder.state == "held" else None


def request_for(project: Project, verb: Verb, reason: str) -> InboxRequest:
    """What the operator asks for, now."""
    return InboxRequest(secrets.token_hex(8), verb, project.operator, project.redact(reason), project.clock())


def ask(project: Project, run: str, verb: Verb, reason: str) -> InboxRequest:
    """Put a request into the run's inbox."""
    request = request_for(project, verb, reason)
    project.store.ask(run, request)
    return request


def taken_up(project: Project, run: str, request: InboxRequest) -> bool:
    """Wait until the holder has read the request; False when it does not within `ANSWER_WITHIN`."""
    deadline = time.monotonic() + ANSWER_WITHIN
    while time.monotonic() < deadline:
        if all(waiting.id != request.id for waiting in project.store.requests(run)):
            return True
        time.sleep(_LOOK_EVERY)
    return False


def follow(project: Project, run: Run, request: InboxRequest, shown: ClosableView) -> RunEnded | None:
    """Show the run's events from its beginning, until it ends. None when the request is not taken up in time."""
    asked_at, answered, told = time.monotonic(), False, 0
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
        time.sleep(_LOOK_EVERY)
