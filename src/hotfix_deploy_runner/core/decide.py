"""The life of a run, on one page. Pure: what to do next is a function of the run and the time.

Read `decide` from top to bottom. Each rule either has something to say, and then that is the decision, or passes.
The shell writes `record` to the journal before it begins anything in `start`, and asks again after every event.
"""

import msgspec

from .asking import turn_on_request, turn_on_signal
from .conclude import conclude
from .ending import Ending
from .events import AnyEvent, CourseChanged, RunEnded, StepEnded, StepsPlanned, VerdictReached
from .instant import Instant
from .judging import gate, is_breach, patience, validate
from .migrating import why_held
from .on_failure import consequence
from .plan import PROBES, VALIDATE, plan_probes
from .plan_back import OBSERVE, plan_end, plan_turn_back, plan_way_back
from .progress import Progress
from .run import Run
from .step import Course, Ended, Phase, Step, StepId
from .verdict import Kind, Verdict


class Decision(msgspec.Struct, frozen=True):
    """What to do now. `wake`: ask again then, also when nothing has happened. `over`: the run has ended."""

    record: tuple[AnyEvent, ...] = ()
    start: tuple[Step, ...] = ()
    stop: tuple[StepId, ...] = ()
    wake: Instant | None = None
    over: Ending | None = None


def decide(run: Run, now: Instant) -> Decision:
    """What to do next."""
    return (
        _rest_if_over(run)
        or _leave_to_another(run, now)
        or _turn_on_a_signal(run, now)
        or _turn_on_a_request(run, now)
        or _turn_on_a_breach(run, now)
        or _turn_on_a_failure(run, now)
        or _drain_what_is_off_course(run)
        or _plan_the_way_back(run, now)
        or _judge(run, now)
        or _start_what_is_ready(run)
        or _wait(run, now)
        or _wind_up(run, now)
    )


def _rest_if_over(run: Run) -> Decision | None:
    return Decision(over=run.ending) if run.ending is not None else None


def _leave_to_another(run: Run, now: Instant) -> Decision | None:
    """Whoever has taken over decides what runs: a second way back would only fight with it."""
    return _turn(now, Course.LEAVE, run.taken_over) if run.taken_over and run.course is not Course.LEAVE else None


def _turn_on_a_signal(run: Run, now: Instant) -> Decision | None:
    turn = turn_on_signal(run, now)
    return _turn(now, *turn) if turn else None


def _turn_on_a_request(run: Run, now: Instant) -> Decision | None:
    turn = turn_on_request(run)
    return _turn(now, *turn) if turn else None


def _turn_on_a_breach(run: Run, now: Instant) -> Decision | None:
    """The verdict is recorded in the same breath as the turn it leads to, and both before anything is done.

    With a migration in that cannot be taken back, going back could hurt more: it is held for a human.
    """
    if run.watch is None or run.course is not Course.FORWARD or not run.touched or run.passed(VALIDATE):
        return None
    verdict = run.watch.judge(now)
    if not is_breach(verdict, run, now):
        return None
    stuck = why_held(run)
    hold = bool(stuck) or (run.policy.watching.on_breach == "hold" and verdict.kind is not Kind.BLIND)
    course, why = Course.FINISH if hold else Course.BACK, "; ".join(filter(None, (verdict.reason, stuck)))
    return Decision(record=(VerdictReached(at=now, verdict=verdict), CourseChanged(at=now, course=course, why=why)))


def _turn_on_a_failure(run: Run, now: Instant) -> Decision | None:
    if run.course not in (Course.FORWARD, Course.BACK):
        return None
    for progress in run.steps.values():
        if not _broke_off(progress) or progress.step.course is not run.course:
            continue
        led_to = consequence(progress.step.phase, touched=run.touched and run.request.action == "deploy")
        if led_to.course is None or (led_to.patient and _siblings_at_work(run, progress)):
            continue
        words = progress.lines[-1].text if progress.lines else progress.step.id
        if led_to.course is Course.BACK and (stuck := why_held(run)):
            return _turn(now, Course.FINISH, f"{words}; {stuck}")
        return _turn(now, led_to.course, words)
    return None


def _broke_off(progress: Progress) -> bool:
    """Failed, or stopped unasked: what waits for it never begins.

    A blind way back is still gone; probes that fail leave a release unproven, which is no reason to take it back.
    """
    stopped = progress.ended is Ended.STOPPED and not progress.step.background
    return (progress.failed or stopped) and progress.step.id not in (OBSERVE, PROBES)


def _siblings_at_work(run: Run, failed: Progress) -> bool:
    """Whether others of the phase, or of one before it, are under way or can still begin."""
    phases = list(Phase)
    so_far = phases[: phases.index(failed.step.phase) + 1]
    return any(
        p.running or (p.ended is None and not p.step.judged and _unblocked(run, p.step))
        for p in run.steps.values()
        if p.step.phase in so_far and not p.step.background and p.step.course is failed.step.course
    )


def _turn(now: Instant, course: Course, why: str) -> Decision:
    return Decision(record=(CourseChanged(at=now, course=course, why=why),))


def _drain_what_is_off_course(run: Run) -> Decision | None:
    """Nothing of the new course begins while work of the old one is in flight: it is stopped and waited for."""
    if run.course is Course.FORWARD:
        stray = [p for p in run.running if p.step.background] if _all_ended(run) else []
    else:
        stray = [p for p in run.running if p.step.course not in (run.course, Course.FINISH) or _is_in_the_way(run, p)]
    return Decision(stop=tuple(p.step.id for p in stray)) if stray else None


def _is_in_the_way(run: Run, progress: Progress) -> bool:
    """A signal does not wait for the team's own commands."""
    return progress.step.does == "hook" and bool(run.signals) and run.course is not Course.BACK


def _plan_the_way_back(run: Run, now: Instant) -> Decision | None:
    if run.course is not Course.BACK:
        return None
    if OBSERVE not in run.steps:
        steps = plan_turn_back(run.request.target, run.policy.hooks)
        return Decision(record=(StepsPlanned(at=now, steps=steps, why=run.why),))
    observed = run.steps[OBSERVE]
    if observed.ended is not None and "mark" not in run.steps:
        steps = plan_way_back(run.request.target, run.facts, observed.found, run.policy.hooks)
        return Decision(record=(StepsPlanned(at=now, steps=steps, why="what was observed"),))
    return None


def _judge(run: Run, now: Instant) -> Decision | None:
    """End the gates, and the validation, that the evidence allows to end. Not the validation while it is paused."""
    for step in _open_to_judgement(run):
        if step.id == VALIDATE and _paused(run):
            continue
        judgement = validate(run, now) if step.id == VALIDATE else gate(run, step, now)
        if judgement is None:
            continue
        ended = StepEnded(at=now, step=step.id, ended=Ended.PASSED, lines=judgement.lines)
        return Decision(record=(*_verdict_and_what_it_asks_for(run, judgement.verdict, now), ended))
    return None


def _verdict_and_what_it_asks_for(run: Run, verdict: Verdict | None, now: Instant) -> tuple[AnyEvent, ...]:
    """Where too few customers came to tell, probes take their place, if there are any."""
    if verdict is None:
        return ()
    reached = VerdictReached(at=now, verdict=verdict)
    if verdict.kind is not Kind.QUIET or not run.facts.probes:
        return (reached,)
    return (reached, StepsPlanned(at=now, steps=(plan_probes(run.request.target),), why=verdict.reason))


def _open_to_judgement(run: Run) -> tuple[Step, ...]:
    steps = (p.step for p in run.steps.values() if p.ended is None and p.step.judged)
    return tuple(step for step in steps if step.course is run.course and _unblocked(run, step))


def _start_what_is_ready(run: Run) -> Decision | None:
    """All that have what they wait for, but never two at once that touch the same thing. None while it is held up."""
    if _held_up(run):
        return None
    taken = {thing for p in run.running for thing in p.step.touches}
    ready: list[Step] = []
    for progress in run.steps.values():
        step = progress.step
        fits = progress.started is None and progress.ended is None and not step.judged
        if fits and _on_course(run, step) and _unblocked(run, step) and taken.isdisjoint(step.touches):
            ready.append(step)
            taken |= step.touches
    return Decision(start=tuple(ready)) if ready else None


def _paused(run: Run) -> bool:
    """Nothing new begins on the way forward; what is under way ends, and the watch goes on: a breach still turns."""
    return run.paused is not None and run.course is Course.FORWARD


def _held_up(run: Run) -> bool:
    """Paused, or without a lock that lasts: where that cannot be renewed, another run may have the place any moment."""
    return _paused(run) or (bool(run.cut_off) and needs_lock(run))


def needs_lock(run: Run) -> bool:
    """Whether what is to begin needs a lock that lasts. A way back waits for nothing but the platform.

    Once the new version is validated, what is left is git's, which sees to the lock by itself.
    """
    return run.course is Course.FORWARD and not run.passed(VALIDATE)


def _on_course(run: Run, step: Step) -> bool:
    return step.course is run.course or step.course is Course.FINISH


def _unblocked(run: Run, step: Step) -> bool:
    return all(run.passed(other) for other in step.waits_for)


def _wait(run: Run, now: Instant) -> Decision | None:
    """Something is under way, or a gate is open to judgement: the next event, or the gate's patience, decides."""
    judged = _open_to_judgement(run)
    if not judged and all(p.step.background for p in run.running) and not _held_up(run):
        return None
    return Decision(wake=min((patience(run, step, now) for step in judged), default=None))


def _all_ended(run: Run) -> bool:
    """Whether nothing on the way forward is under way or can still come."""
    return not any(
        (p.running and not p.step.background) or (p.ended is None and not p.step.background and _unblocked(run, p.step))
        for p in run.steps.values()
    )


def _wind_up(run: Run, now: Instant) -> Decision:
    """Nothing is left to do: write the document, remove the worktrees, and say how it ended.

    One that was interrupted on its way keeps them; one that was taken over has no use for them.
    """
    kept = run.course is Course.LEAVE and not run.taken_over
    if not kept and any(step.id not in run.steps for step in plan_end()):
        return Decision(record=(StepsPlanned(at=now, steps=plan_end(), why="the end of the run"),))
    return Decision(record=(RunEnded(at=now, ending=conclude(run)),))
