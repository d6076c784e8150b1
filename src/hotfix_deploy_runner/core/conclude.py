"""How a run ended, in words, with its exit code and the one command to run next."""

from .check import Status
from .ending import Ending, ExitCode
from .migrating import are_in, half_applied
from .plan import PROBES, VALIDATE
from .progress import Progress
from .run import Run
from .step import Course, Ended, Phase
from .verdict import Kind


def conclude(run: Run) -> Ending:
    """The ending of a run that has nothing left to do. Read from the top: the first that applies is it."""
    if run.taken_over:
        return _taken_over(run)
    if run.course is Course.LEAVE:
        return _left(run)
    if run.request.action == "rollback":
        return _asked_rollback(run)
    if any(p.step.does == "restore" or p.step.id == "mark" for p in run.steps.values()):
        return _rolled_back(run)
    if run.course is Course.FINISH and run.touched:
        return _held(run)
    if run.course is Course.FINISH:
        return _stopped(run)
    if run.request.target == "staging":
        return Ending(ExitCode.DONE, f"{run.facts.candidate} is proven on staging.", "")
    return _live(run)


def proven(run: Run) -> bool:
    """Whether the new version is shown to be good: by its customers, or where too few came, by its probes."""
    if run.verdict is None:
        return False
    return run.verdict.kind is Kind.HEALTHY or (run.verdict.kind is Kind.QUIET and run.passed(PROBES))


def rollback_command(run: Run) -> str:
    """The command that brings back what ran before."""
    target = "" if run.request.target == "production" else f" --target {run.request.target}"
    return f"rollback-deploy-auto --version {run.facts.way_back}{target}"


def again_command(run: Run) -> str:
    """The command that goes on with a rollback, or a first deployment, that did not come to its end."""
    command = "hotfix-deploy-runner first" if run.request.first else "rollback-deploy-auto"
    return f"{command} --version {run.facts.version} --target {run.request.target}"


def _taken_over(run: Run) -> Ending:
    """Another run has this one's place: what is true of production is for that one to say."""
    what = f"Hotfix {run.facts.version}" if run.request.action == "deploy" else _turning(run)
    summary = f"{what} stopped where it was: {run.taken_over}."
    return Ending(
        ExitCode.HELD,
        summary,
        f"What {run.request.target} runs is in the other run's hands.",
        "hotfix-deploy-runner status --instances",
    )


def _place(run: Run) -> str:
    return run.request.target.capitalize()


def _stopped(run: Run) -> Ending:
    """Before production: it runs what it ran."""
    place = "Production" if run.request.target == "staging" else _place(run)
    production = f"{place} is untouched: {run.facts.running}."
    if are_in(run):
        how = "the migration may be half applied" if half_applied(run) else "the migrations are in its database"
        production = f"{place} still runs {run.facts.running}, but {how}."
    if run.signal:
        return Ending(
            _signal_code(run), "Hotfix interrupted before production.", production, resume(run), unfinished=True
        )
    if run.request.target == "staging":
        return Ending(ExitCode.STOPPED, "Hotfix stopped.", production)
    return Ending(ExitCode.STOPPED, "Hotfix stopped before production.", production)


def resume(run: Run) -> str:
    """The command that goes on with the run."""
    return f"hotfix-deploy-runner resume {run.id}"


def _signal_code(run: Run) -> int:
    return ExitCode.TERMINATED if run.signal == "SIGTERM" else ExitCode.INTERRUPTED


def _left(run: Run) -> Ending:
    """Interrupted with production touched: nothing is undone, nothing is hidden."""
    old, version = run.facts.old.version, run.facts.version
    if run.request.action == "rollback":
        summary, production = f"Rollback to {version} interrupted.", f"{_place(run)} may run several versions."
    elif any(p.step.does == "restore" for p in run.steps.values()):
        summary = f"Hotfix interrupted while {version} was on its way."
        production = f"The rollback to {old} is ordered and not verified: {_place(run).lower()} may run both."
    else:
        summary, production = f"Hotfix interrupted while {version} was on its way.", _mixed_words(run)
    return Ending(_signal_code(run), summary, production, resume(run), unfinished=True)


def _mixed_words(run: Run) -> str:
    done = max((int(p.step.args["before"]) + int(p.step.args["count"]) for p in _batches(run) if p.passed), default=0)
    total = run.facts.count(run.request.target)
    if done >= total:
        return f"{_place(run)} runs {run.facts.version}{'' if run.passed(VALIDATE) else ', which is not validated'}."
    others = "the others as before it" if run.facts.mixed else f"the others on {run.facts.old.version}"
    return f"{_place(run)} is mixed: about {done} of {total} on {run.facts.version}, {others}."


def _batches(run: Run) -> list[Progress]:
    return [p for p in run.steps.values() if p.step.does == "batch"]


def _rolled_back(run: Run) -> Ending:
    restores = [p for p in run.steps.values() if p.step.does == "restore"]
    old = run.facts.old.version
    if all(p.passed for p in restores):
        stay = " The migrations stay in its database." if are_in(run) else ""
        production = f"{_place(run)} runs {old} again, verified everywhere.{stay}"
        return Ending(ExitCode.ROLLED_BACK, f"Hotfix {run.facts.version} was rolled back: {run.why}.", production)
    failed = next(p for p in restores if not p.passed)
    seen = failed.lines[-1].text if failed.lines else "it did not end"
    production = f"{_place(run)} is not wholly on {old}: {seen}."
    return Ending(
        ExitCode.NEEDS_HUMAN, f"The rollback of {run.facts.version} is incomplete.", production, rollback_command(run)
    )


def _held(run: Run) -> Ending:
    """`on_breach = "hold"`: the release is over its limits and stays where it is until a human decides."""
    code = ExitCode.UNPROVEN if run.rolled_out else ExitCode.NEEDS_HUMAN
    summary = f"Hotfix {run.facts.version} is held: {run.why}."
    return Ending(code, summary, _mixed_words(run), rollback_command(run))


def _live(run: Run) -> Ending:
    """The new version runs everywhere. Whether that is all that was asked for is in the code."""
    version = run.facts.version
    unfinished = [
        p for p in run.steps.values() if p.step.phase is Phase.AFTERWARDS and p.ended in (Ended.FAILED, Ended.STOPPED)
    ]
    if run.verdict is not None and not proven(run):
        reason = run.verdict.reason + ("; and its probes do not pass" if PROBES in run.steps else "")
        summary = f"Hotfix {version} is live, but {_doubt(run.verdict.kind)}: {reason}."
        return Ending(ExitCode.UNPROVEN, summary, "", rollback_command(run))
    if unfinished:
        said = (line.text for p in unfinished for line in p.lines if line.status is Status.FAIL)
        what = next(said, unfinished[0].step.id)
        return Ending(
            ExitCode.UNPROVEN, f"Hotfix {version} is live, but unfinished: {what}.", "", rollback_command(run)
        )
    return Ending(ExitCode.DONE, f"Hotfix {version} deployed successfully.", "", rollback_command(run))


def _doubt(kind: Kind) -> str:
    words = {
        Kind.SLOW: "slow",
        Kind.WARNED: "over a limit that only warns",
        Kind.NOT_WORSE: "over its limit, and no worse than what a rollback would bring back",
        Kind.BLIND: "unobserved",
        Kind.QUIET: "there was too little traffic to tell",
    }
    return words.get(kind, "unproven")


def _turning(run: Run) -> str:
    return f"The {'first deployment of' if run.request.first else 'rollback to'} {run.facts.version}"


def _asked_rollback(run: Run) -> Ending:
    turns = [p for p in run.steps.values() if p.step.does == "turn"]
    version = run.facts.version
    if turns and all(p.passed for p in turns):
        summary = f"{version} is deployed for the first time." if run.request.first else f"Rolled back to {version}."
        return Ending(ExitCode.DONE, summary, f"{_place(run)} runs {version}, verified everywhere.")
    again = again_command(run)
    if not run.touched:
        runs = "nothing runs there" if run.request.first else run.facts.running
        untouched = f"{_place(run)} is untouched: {runs}."
        return Ending(ExitCode.STOPPED, f"{_turning(run)} could not begin: {run.why}.", untouched, again)
    left = "is not wholly there" if run.request.first else "may run several versions"
    summary = f"{_turning(run)} is incomplete: {run.why}."
    return Ending(ExitCode.NEEDS_HUMAN, summary, f"{_place(run)} {left}.", again)
