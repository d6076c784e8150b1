"""The wording of the terminal's views: header, last words, what is under way. The contract's where it has them."""

from ..core.ending import Ending
from ..core.events import Resumed
from ..core.facts import Facts, Request
from ..core.instant import spoken, utc
from ..core.phrases import next_step
from ..core.run import Run
from ..core.step import Step


def header(request: Request, facts: Facts) -> tuple[str, ...]:
    """What is about to be done, to what: the first lines of the narration."""
    place = "production" if request.target == "staging" else request.target
    known = f" ({facts.old_from})" if facts.old_from else ""
    if request.first:
        lines = [f"First deployment: {facts.version} to {request.target}", f"Current {place}: nothing runs yet"]
    elif request.action == "rollback":
        lines = [f"Rollback: {request.target} to {facts.version}", f"Current {place}: {facts.running}"]
    else:
        base = f"{facts.base[:12]} (as {facts.before})" if facts.before else facts.old.version
        runs = f"Current {place}: {facts.running}{known}"
        lines = [f"Hotfix Deployment: {request.branch}", runs, f"Hotfix base: {base}"]
    return (*lines, *(f"Note: {remark}" for remark in facts.remarks))


def resumed_words(run: Run, event: Resumed) -> tuple[str, ...]:
    """Who goes on with a run that was left, when, and with what differences."""
    gap = spoken(max(0.0, event.at - run.latest))
    left = [p.step.id for p in run.steps.values() if p.running and not p.step.background]
    open_ended = (f"Under way when it was left, and looked at again: {', '.join(left)}",) if left else ()
    return (
        "",
        f"Resumed by {event.by} on {event.host} at {utc(event.at)}, {gap} after its last sign of life.",
        *open_ended,
        *(f"Note: {difference}" for difference in event.accepted),
    )


def ending_words(request: Request, ending: Ending) -> tuple[str, ...]:
    """The last words: what happened and what production runs in one line, then the one command to run next."""
    words = (f"{ending.summary} {ending.production}".rstrip(), next_step(request, ending))
    return tuple(line for line in words if line)


def doing(step: Step) -> str:
    """What a step that is under way is about, for the spinner beside it."""
    args = step.args
    batch = f"Bringing the new version to {args.get('before', 0) + args.get('count', 0)} of {args.get('of', 0)}"
    place = str(args.get("environment", ""))
    words = {
        "worktree": "Checking out a clean tree",
        "install": "Installing the dependencies",
        "check": f"Checking: {args.get('check', '')}",
        "build": "Building",
        "tag": f"Tagging {args.get('tag', '')}",
        "before": f"Tagging what runs: {args.get('tag', '')}",
        "deploy": f"Deploying to {place}",
        "smoke": "Running the smoke tests",
        "health": f"Asking {place} for its health",
        "record": f"Recording what {place} runs",
        "watch": f"Watching {place}",
        "prepare": f"Preparing {place}",
        "migrate": f"Migrating the database of {place}",
        "hook": f"Running the hook {args.get('hook', '')}",
        "batch": batch,
        "probes": f"Probing the new version on {place}",
        "observe": f"Looking at what {place} runs",
        "restore": f"Restoring {place}/{args.get('platform', '')}",
        "turn": f"Turning {place}/{args.get('platform', '')}",
        "merge": f"Merging back to {args.get('branch', '')}",
        "settle": f"Tidying up {place}",
        "delete-branch": "Deleting the branch",
        "document": "Writing the incident document",
        "cleanup": "Removing the worktrees",
    }
    return words.get(step.does, step.id)
