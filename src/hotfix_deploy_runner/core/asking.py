"""What others may ask of a live run, and what a signal means to it. Pure: where the run is to turn, and why."""

from .events import RequestReceived
from .instant import Instant, Seconds
from .plan import VALIDATE
from .plan_back import OBSERVE
from .run import Run
from .step import Course

ORDERED_WITHIN: Seconds = 2.5
"""How long a signal waits for the way back that it has ordered: CI systems kill what does not end soon."""

Turn = tuple[Course, str]


def turn_on_signal(run: Run, now: Instant) -> Turn | None:
    """Production that is touched is left as it is, or taken back where the policy says so; else the run winds up.

    A rollback goes on through the first signal: half of one is worse than a late exit. A second one ends it.
    """
    if not run.signals or run.course is Course.LEAVE:
        return None
    why = f"interrupted by {run.signal}"
    if run.course is Course.BACK or run.request.action == "rollback":
        ordered = run.course is Course.BACK and run.why == why and now >= run.signalled + ORDERED_WITHIN
        return (Course.LEAVE, why) if ordered or run.signals > 1 else None
    if run.course is not Course.FORWARD:
        return None
    if not run.touched:
        return Course.FINISH, why
    back = run.policy.on_interrupt == "rollback" and not run.passed(VALIDATE)
    return (Course.BACK if back else Course.LEAVE), why


def turn_on_request(run: Run) -> Turn | None:
    """`rollback` and `abort`: back to what ran before, where that has been touched; else no further.

    Also where a breach is held for a human to decide: this is the decision.
    """
    held = run.course is Course.FINISH and run.touched and OBSERVE not in run.steps
    if run.asked is None or run.request.action == "rollback" or not (run.course is Course.FORWARD or held):
        return None
    return (Course.BACK if run.touched else Course.FINISH), f"{run.asked.verb} {asked_by(run.asked)}"


def promoted(run: Run, since: Instant | None) -> bool:
    """Whether somebody has asked to `promote` what has been open since then: a gate, or the window."""
    return run.promoted is not None and since is not None and since <= run.promoted.at


def asked_by(request: RequestReceived) -> str:
    """By whom, and why: `asked for by ada: customers call`."""
    return f"asked for by {request.by}" + (f": {request.reason}" if request.reason else "")
