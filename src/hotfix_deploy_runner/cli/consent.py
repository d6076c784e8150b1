"""The one question that a production run asks."""

import contextlib
import signal
import sys
from collections.abc import Iterator

import click

from ..core.events import RunStarted
from ..core.facts import Facts
from ..core.instant import spoken
from ..core.step import Step
from ..errors import UsageError


def plan_lines(started: RunStarted) -> list[str]:
    """What will happen, for a person: base, commit, batches, limits, and what a breach leads to."""
    request, facts, policy = started.request, started.facts, started.policy
    watching = policy.watching
    lines = [
        f"Hotfix {facts.version}: {request.branch} at {facts.commit[:12]}, base {_base(facts)}",
        f"Checks: {_checks(started)}",
    ]
    if "staging" in facts.environments:
        lines.append(f"Staging: {facts.candidate} on {_instances(started, 'staging')}")
    else:
        lines.append(f"Staging: SKIPPED ({request.reasons.get('staging', 'no reason')})")
    if request.target == "staging":
        return [*lines, "Production is not touched."]
    counts = [str(step.args["before"] + step.args["count"]) for step in started.steps if step.does == "batch"]
    lines += [
        f"{request.target.capitalize()}: {_instances(started, request.target)}, in steps of {', '.join(counts)}",
        f"Limits: errors {watching.threshold * 100:g} %, p99 {watching.p99_ratio:g} times the baseline"
        f"{''.join(f', {one.name} {one.limit * 100:g} %' for one in watching.further)}; "
        f"watched for {spoken(watching.window)} after the last instance",
        f"Migrations, if any: {_migrations(started)}",
        f"On a breach: {_on_breach(started)}",
        f"Afterwards: {_afterwards(started.steps)}",
    ]
    return [*lines, *(f"Note: {remark}" for remark in facts.remarks)]


def _base(facts: Facts) -> str:
    """What runs and who says so; where the operator does, also the tag that it gets."""
    runs = f"{facts.old.version} ({facts.old_from})"
    return f"{runs}, which is {facts.base[:12]} and will be tagged {facts.before}" if facts.before else runs


def _instances(started: RunStarted, environment: str) -> str:
    found = started.facts.environments[environment]
    return ", ".join(f"{f.fleet.size} × {f.name} ({f.noun})" for f in found)


def _checks(started: RunStarted) -> str:
    """The checks by name, those marked whose failure will not stop the run."""
    reasons = started.request.reasons
    return ", ".join(
        f"{name} (OVERRIDDEN: {reasons[name]})" if name in reasons else name for name in started.facts.checks
    )


def _on_breach(started: RunStarted) -> str:
    if started.policy.watching.on_breach == "hold":
        return "stop where it is and page; nothing is rolled back by itself"
    return f"everything back to {started.facts.old.version}, by itself"


def _migrations(started: RunStarted) -> str:
    """Who runs the migrations, should the hotfix bring any; the check says whether it does."""
    if any(step.does == "migrate" and step.args["environment"] != "staging" for step in started.steps):
        how = "run by the command in [migrations], before the first batch"
    else:
        how = "run by the application itself, when it starts"
    return f"{how}; with one in that cannot be taken back, a breach stops and pages"


def _afterwards(steps: tuple[Step, ...]) -> str:
    done = [step.args.get("branch", "") for step in steps if step.does == "merge"]
    words = [f"merged back to {', '.join(done)}"] if done else ["not merged back"]
    if any(step.does == "delete-branch" for step in steps):
        words.append("the branch is deleted")
    return "; ".join(words)


def ask(started: RunStarted, *, yes: bool) -> bool:
    """Whether to go ahead. Staging needs no consent; without a terminal `--yes` is needed, else `UsageError`."""
    if yes or started.request.target == "staging":
        return True
    if not sys.stdin.isatty():
        raise UsageError(
            f"a run on {started.request.target} needs consent, and there is no terminal to ask on",
            detail="\n".join(plan_lines(started)),
            next_step="the same command with --yes",
        )
    for line in plan_lines(started):
        click.echo(line, err=True)
    with _interruptible():
        return click.confirm(f"Deploy {started.facts.version} to {started.request.target}?", default=False, err=True)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C ends the wait for an answer. asyncio's own handler would first let it be given."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except click.Abort:
        raise UsageError("not agreed to: nothing was done") from None
    finally:
        signal.signal(signal.SIGINT, before)
