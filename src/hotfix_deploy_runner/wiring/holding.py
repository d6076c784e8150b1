"""Holding an environment while something is done to it, and what becomes of the lock afterwards."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from ..core.ending import Ending, ExitCode
from ..core.facts import Environment
from ..core.run import Run, fold
from ..doors.children import end_orphans
from ..doors.signals import Signals
from ..errors import Interrupted, LockHeld
from ..lock.local import Lease
from .project import Project

Body = Callable[[Signals], Awaitable[Ending]]


async def under(project: Project, lease: Lease, body: Body) -> Ending:
    """Do `body` under the lock; then free it. What was left half-way keeps its mark, or gets one.

    First of all, what a process that died has left running is ended. Raises `Interrupted` when a signal came before
    a run had begun that could record it.
    """
    ending: Ending | None = None
    with Signals() as signals:
        try:
            await end_orphans(project.children)
            ending = await body(signals)
            return ending
        except asyncio.CancelledError:
            if not signals.first:
                raise
            raise _interrupted(signals.first) from None
        finally:
            _let_go(project, lease, ending)


def _interrupted(name: str) -> Interrupted:
    error = Interrupted(f"interrupted by {name} before the run began: nothing was changed")
    error.exit_code = ExitCode.TERMINATED if name == signal.SIGTERM.name else ExitCode.INTERRUPTED
    return error


def _let_go(project: Project, lease: Lease, ending: Ending | None) -> None:
    left = left_touched(project, lease.run) or (_not_taken_up(project, lease) if ending is None else None)
    if left is not None:
        # Its target alone: nobody waits for a rollback of staging.
        target = lease._replace(environments=(left.request.target,))
        project.locks.suspend(target, ending.summary if ending else f"run {left.id} broke off")
    project.locks.release(lease)


def taken_over(project: Project, lease: Lease) -> str:
    """By whom, in words; empty while the lease is ours."""
    other = project.locks.taken_by(lease)
    return f"run {other} has taken over" if other else ""


def refuse_what_is_unfinished(project: Project, environment: Environment) -> None:
    """A run that left its target half-way is not for the next deploy to take. Raises `LockHeld`."""
    holder = project.locks.holder(environment)
    if holder is None or (holder.alive and holder.state == "held"):
        return
    left = left_touched(project, holder.run)
    if left is not None and left.request.target == environment:
        back = f", or abort {left.id} to restore {left.facts.running}" if left.request.action == "deploy" else ""
        raise LockHeld(
            f"run {left.id} left {environment} unfinished while {left.facts.version} was on its way",
            detail=f"before it, {left.facts.old.version} ran",
            next_step=f"hotfix-deploy-runner resume {left.id}{back}",
        )


def left_touched(project: Project, run: str) -> Run | None:
    """The run, if it has changed what serves and has not come to an end."""
    events = [event for _, event in project.store.events(run)]
    if not events:
        return None
    state = fold(events)
    open_ended = state.ending is None or state.ending.unfinished
    return state if state.touched and open_ended else None


def _not_taken_up(project: Project, lease: Lease) -> Run | None:
    """The run whose place was taken and whose work was left, when nothing came of this one."""
    return left_touched(project, lease.taken_from) if lease.taken_from else None
