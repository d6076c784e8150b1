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
from .project import Project
from .sharing import Held

Body = Callable[[Signals], Awaitable[Ending]]


async def under(project: Project, held: Held, body: Body) -> Ending:
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
            await _let_go(project, held, ending, hurried=bool(signals.first))


def _interrupted(name: str) -> Interrupted:
    error = Interrupted(f"interrupted by {name} before the run began: nothing was changed")
    error.exit_code = ExitCode.TERMINATED if name == signal.SIGTERM.name else ExitCode.INTERRUPTED
    return error


async def _let_go(project: Project, held: Held, ending: Ending | None, *, hurried: bool) -> None:
    run = held.lease.run
    left = left_touched(project, run) or (_not_taken_up(project, held) if ending is None else None)
    if left is None:
        await held.let_go(hurried=hurried)
    else:
        # Its target alone: nobody waits for a rollback of staging.
        why = ending.summary if ending else f"run {left.id} broke off"
        await held.let_go(left.request.target, left.id, why, hurried=hurried)


def taken_over(project: Project, held: Held, environment: Environment) -> str:
    """By whom, in words; empty while the place is ours."""
    other = project.locks.taken_by(held.own(environment))
    return f"run {other} has taken over" if other else ""


def refuse_what_is_unfinished(project: Project, environment: Environment) -> None:
    """A run that left its target half-way is not for the next deploy to take. Raises `LockHeld`."""
    holder = project.locks.holder(environment)
    if holder is None or (holder.alive and holder.state == "held"):
        return
    refuse_what_was_left(project, environment, holder.run)


def refuse_what_was_left(project: Project, environment: Environment, run: str) -> None:
    """As `refuse_what_is_unfinished`, of a run that the journal knows."""
    left = left_open(project, run)
    if left is not None and left.request.target == environment:
        back = f", or abort {left.id} to restore {left.facts.running}" if left.request.action == "deploy" else ""
        raise LockHeld(
            f"run {left.id} left {environment} unfinished while {left.facts.version} was on its way",
            detail=f"before it, {left.facts.old.version} ran",
            next_step=f"hotfix-deploy-runner resume {left.id}{back}",
        )


def left_touched(project: Project, run: str) -> Run | None:
    """The run, if it has changed what serves and has not come to an end."""
    state = _without_an_end(project, run)
    return state if state is not None and state.touched else None


def left_open(project: Project, run: str) -> Run | None:
    """As `left_touched`; of another clone's run also one that has its tag, after which it may have changed what serves.

    What it did in its last moments may not have been carried here.
    """
    state = _without_an_end(project, run)
    if state is None or state.touched or run in project.carried.known():
        return state if state is not None and state.touched else None
    tags = (p for p in state.steps.values() if p.step.does == "tag" and not p.step.args["candidate"])
    return state if any(p.begun is not None for p in tags) else None


def _without_an_end(project: Project, run: str) -> Run | None:
    """The run, if the journal knows it and it has not come to an end."""
    events = [event for _, event in project.store.events(run)]
    state = fold(events) if events else None
    return state if state is not None and (state.ending is None or state.ending.unfinished) else None


def _not_taken_up(project: Project, held: Held) -> Run | None:
    """The run whose place was taken and whose work was left, when nothing came of this one."""
    return next((left for _, run in held.taken_from if (left := left_open(project, run))), None)
