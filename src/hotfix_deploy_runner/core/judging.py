"""The steps that are judged, not performed: a gate after each batch, and the validation at the end."""

import msgspec

from .asking import asked_by, promoted
from .check import Line, Status
from .events import RequestReceived
from .instant import Instant, spoken
from .judged import Judged
from .run import Run
from .step import Step
from .verdict import Kind, Verdict
from .watch import Watch


class Judgement(msgspec.Struct, frozen=True):
    """What ends a judged step: its lines, and the verdict where it is the validation."""

    lines: tuple[Line, ...] = ()
    verdict: Verdict | None = None


def is_breach(verdict: Verdict, run: Run, now: Instant) -> bool:
    """Whether `verdict` ends the way forward: a breach, slowness where configured, a mixed fleet blind for too long."""
    match verdict.kind:
        case Kind.BREACHED:
            return True
        case Kind.SLOW:
            return run.policy.watching.on_slow == "rollback"
        case Kind.BLIND:
            return not run.rolled_out and _blind_long_enough(run, now)
    return False


def _blind_long_enough(run: Run, now: Instant) -> bool:
    """Blindness is borne for `blind_for` from the first new instance on, also when it began before."""
    return run.touched_at is not None and now - run.touched_at >= run.policy.watching.blind_for


def patience(run: Run, step: Step, now: Instant) -> Instant:
    """When to look again at an open gate or validation, if nothing happens until then."""
    batch = run.steps.get(str(step.args.get("batch")))
    if batch is None or batch.ended_at is None:
        return now + run.policy.watching.interval
    return max(batch.ended_at, run.resumed or 0.0) + run.policy.watching.gate_wait


def gate(run: Run, step: Step, now: Instant) -> Judgement | None:
    """A gate passes when readings cover `min_healthy` of each instance, or its patience is over; None: not yet.

    A breach is no concern of a gate: it turns the run before any gate is asked.
    """
    batch = run.steps[step.args["batch"]]
    if run.watch is None:
        return Judgement()
    if run.promoted is not None and promoted(run, batch.ended_at):
        why = f"promotion {asked_by(run.promoted)}"
        return Judgement((Line(Status.WARN, f"Gate {step.args['batch'].partition(':')[2]} passed at once", (why,)),))
    healthy_since = batch.ended_at or now
    if run.watch.covers(batch.found.get("incarnations", ()), healthy_since, run.policy.rolling.min_healthy):
        return Judgement()
    if now < patience(run, step, now):
        return None
    waited = f"no reading covered the batch within {run.policy.watching.gate_wait:g} s"
    return Judgement((Line(Status.WARN, f"Gate {step.args['batch'].partition(':')[2]} passed unobserved", (waited,)),))


def validate(run: Run, now: Instant) -> Judgement | None:
    """The last verdict, in the contract's lines; None while the window is open.

    Slowness that only warns does not shorten the window: an error may still come.
    """
    if run.watch is None:
        verdict = Verdict(Kind.BLIND, "no metrics source is configured")
        return Judgement((Line(Status.WARN, "Nothing was watched", (verdict.reason,)),), verdict)
    verdict = run.watch.judge(now)
    if verdict.kind in (Kind.PENDING, Kind.BLIND) and run.promoted is not None and promoted(run, run.watch.all_in):
        return _ended_early(verdict, run, run.watch, run.promoted)
    over = run.watch.watched >= run.policy.watching.window
    too_early = verdict.kind is Kind.BLIND and not _blind_long_enough(run, now)
    if verdict.kind is Kind.PENDING or too_early or (verdict.kind is Kind.SLOW and not over):
        return None
    return Judgement(tuple(validation_lines(verdict)), verdict)


def _ended_early(verdict: Verdict, run: Run, watch: Watch, asked: RequestReceived) -> Judgement:
    """The window is cut short by a human: what was not watched is not proven."""
    watched, window = spoken(watch.watched), spoken(run.policy.watching.window)
    reason = f"the watch ended after {watched} of {window}: promotion {asked_by(asked)}"
    early = msgspec.structs.replace(verdict, kind=Kind.UNPROVEN, reason=reason)
    return Judgement(tuple(validation_lines(early)), early)


def validation_lines(verdict: Verdict) -> list[Line]:
    """`Error rate: 0.02% (baseline: 0.03%)` and `p99 latency: 180ms (baseline: 195ms)`, with what spoils them.

    Then the further metrics, a line each, that are to be told.
    """
    if verdict.kind is Kind.BLIND:
        return [Line(Status.WARN, "Error rate: unknown", (verdict.reason,))]
    rate = Status.WARN if verdict.kind in (Kind.NOT_WORSE, Kind.UNPROVEN, Kind.QUIET) else Status.OK
    speed = Status.WARN if verdict.kind is Kind.SLOW else Status.OK
    return [
        Line(
            rate,
            f"Error rate: {percent(verdict.error_rate)} (baseline: {percent(verdict.baseline_error_rate)})",
            (verdict.reason,) if rate is Status.WARN else (),
        ),
        Line(
            speed,
            f"p99 latency: {milliseconds(verdict.p99)} (baseline: {milliseconds(verdict.baseline_p99)})",
            (verdict.reason,) if speed is Status.WARN else (),
        ),
        *map(_of_further, verdict.further),
    ]


def _of_further(one: Judged) -> Line:
    """`logins: 2.10% (baseline: 2.00%)`."""
    text = f"{one.name}: {percent(one.rate)} (baseline: {percent(one.baseline_rate)})"
    return Line(Status.OK, text) if one.well else Line(Status.WARN, text, (one.reason,))


def percent(rate: float | None) -> str:
    """A fraction as `0.02%`, or `unknown`."""
    return "unknown" if rate is None else f"{rate * 100:.2f}%"


def milliseconds(seconds: float | None) -> str:
    """Seconds as `180ms`, or `unknown`."""
    return "unknown" if seconds is None else f"{seconds * 1000:.0f}ms"
