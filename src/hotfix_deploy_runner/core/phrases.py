"""Wording that is the same wherever it stands. Pure texts."""

from collections.abc import Sequence

from .ending import Ending, ExitCode
from .facts import Request
from .judging import milliseconds, percent
from .verdict import Verdict


def figures(verdict: Verdict | None) -> tuple[str, ...]:
    """Error rate and p99 latency, each beside the baseline's, as far as they are known; empty without a verdict."""
    if verdict is None:
        return ()
    rate = f"error rate {percent(verdict.error_rate)} (baseline: {percent(verdict.baseline_error_rate)})"
    speed = f"p99 latency {milliseconds(verdict.p99)} (baseline: {milliseconds(verdict.baseline_p99)})"
    known = ((rate, verdict.error_rate), (speed, verdict.p99))
    return tuple(text for text, value in known if value is not None)


def next_step(request: Request, ending: Ending) -> str:
    """The one command to run next, with what it is for in front; empty when there is nothing to do."""
    if not ending.next_step:
        return ""
    live = request.action == "deploy" and ending.code in (ExitCode.DONE, ExitCode.UNPROVEN)
    return f"{'Rollback command' if live else 'Next'}: {ending.next_step}"


def capital(text: str) -> str:
    """`text` as a sentence begins; the rest as it is."""
    return text[:1].upper() + text[1:]


def counted(count: int, noun: str) -> str:
    """`3 processes`, `1 pod`."""
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{count} {noun if count == 1 else plural}"


def at_most(shown: int, lines: Sequence[str]) -> tuple[str, ...]:
    """The first `shown` of `lines`, and one that says how many more there are, if there are."""
    more = len(lines) - shown
    return (*lines[:shown], *((f"and {more} more",) if more > 0 else ()))
