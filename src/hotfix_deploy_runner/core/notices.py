"""What people are told of a run, and when: one message a phase. Pure; who delivers them is another's business.

An id is the run's, a colon and what happened (`<run>:staging-proven`), so that a resume tells nothing twice.
"""

from collections.abc import Callable, Iterator

from .announcing import as_text, lines_of, notice, place, sentence, severity_of, target_option, way_back
from .conclude import again_command, proven, resume
from .ending import ExitCode
from .events import AnyEvent, CourseChanged, CutOff, RunEnded, RunStarted, StepEnded, StepsPlanned, StepStarted
from .instant import utc
from .notice import Notice, Severity
from .phrases import figures, next_step
from .plan import PROBES, VALIDATE
from .run import Run
from .step import Course, Ended, Phase

Rule = Callable[[Run, AnyEvent, Run], Iterator[Notice]]
"""What one kind of message is told for: the run before an event, the event, and the run after it."""


def notices(before: Run | None, event: AnyEvent, after: Run) -> tuple[Notice, ...]:
    """The messages that `event`, which led from `before` to `after`, gives rise to; mostly none.

    `before` is None for `RunStarted`, which begins a run.
    """
    if before is None or isinstance(event, RunStarted):
        return (_started(after),)
    rules: tuple[Rule, ...] = (
        _checked,
        _proven,
        _production,
        _gate,
        _deployed,
        _cut_off,
        _turned,
        _restored,
        _stuck,
        _ended,
    )
    return tuple(told for rule in rules for told in rule(before, event, after))


def _started(run: Run) -> Notice:
    """Also what was skipped or overridden, and what to do should this process die."""
    request, facts = run.request, run.facts
    by = f"By {request.operator or 'unknown'}" + (f" on {request.host}" if request.host else "") + f", run {run.id}."
    reasons = tuple(f"Overridden: {what} ({why})." for what, why in request.reasons.items())
    if request.action == "rollback":
        what = f"Rollback of {request.target} from {facts.running} to {facts.version}"
        title = f"{f'First deployment of {facts.version} on {request.target}' if request.first else what} has begun"
        again = f"If this process dies: {_again(run)}"
        return notice(run, "started", Severity.WARNING, title, by, *reasons, again)
    title = f"Hotfix {facts.version} ({request.branch}) for {request.target} has begun"
    base = f"{place(run)} runs {facts.running}; commit {facts.commit[:12]}."
    severity = Severity.WARNING if reasons else Severity.INFO
    alone = "" if request.target == "staging" else f"No automatic rollback if this process dies: {resume(run)}"
    return notice(run, "started", severity, title, by, base, *reasons, alone)


def _checked(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    if _becomes_true(_phase_passed(Phase.PREFLIGHT), before, after):
        lines = lines_of(after, Phase.PREFLIGHT)
        yield notice(after, "checks-done", severity_of(lines), "Pre-flight checks pass", *as_text(lines))


def _proven(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    if not _becomes_true(_phase_passed(Phase.STAGING), before, after):
        return
    lines = lines_of(after, Phase.STAGING)
    if "no-staging" in after.steps:
        yield notice(after, "staging-skipped", Severity.WARNING, "Staging was skipped", *as_text(lines))
    else:
        title = f"{after.facts.candidate} is proven on staging"
        yield notice(after, "staging-proven", severity_of(lines), title, *as_text(lines))


def _production(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    if isinstance(event, StepStarted) and after.touched and not before.touched and after.request.action == "deploy":
        count = after.facts.count(after.request.target)
        steps = sum(p.step.does == "batch" for p in after.steps.values())
        text = f"{count} instances in {steps} {'batch' if steps == 1 else 'batches'}, from {after.facts.running}."
        yield notice(
            after,
            "production-started",
            Severity.INFO,
            f"{after.facts.version} is going to {after.request.target}",
            text,
        )


def _gate(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    if not isinstance(event, StepEnded) or event.ended is not Ended.PASSED:
        return
    gate = after.steps[event.step].step
    if gate.does != "gate":
        return
    args = after.steps[gate.args["batch"]].step.args
    count, total = int(args["before"]) + int(args["count"]), int(args["of"])
    title = f"{after.facts.version} on {count} of {total}"
    now = after.watch.judge(event.at) if after.watch else None
    yield notice(after, gate.id, severity_of(event.lines), title, sentence(*figures(now)), *as_text(event.lines))


def _deployed(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    """At the end of the watch, and of the probes it may ask for: only a verdict makes "deployed" true."""
    verdict = after.verdict
    if verdict is None or not _becomes_true(_judged, before, after):
        return
    good = proven(after)
    title = f"{after.facts.version} is live on {after.request.target}" + ("" if good else ", but look at it")
    severity = Severity.GOOD if good else Severity.WARNING
    yield notice(
        after, "deployed", severity, title, "" if good else sentence(verdict.reason), sentence(*figures(verdict))
    )


def _judged(run: Run) -> bool:
    return run.passed(VALIDATE) and (PROBES not in run.steps or run.steps[PROBES].ended is not None)


def _cut_off(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    """Told once: with production half-way, somebody has to know that the rollout stands still."""
    if isinstance(event, CutOff) and after.touched:
        title = f"{after.facts.version} on {after.request.target} is held up"
        yield notice(after, "held-up", Severity.WARNING, title, sentence(event.why), "A breach still rolls back.")


def _turned(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    """Production is being rolled back, or is held over its limits, or is left as it is: each is a page."""
    begun = after.touched and after.request.action == "deploy"
    if not isinstance(event, CourseChanged) or not begun or before.course is not Course.FORWARD:
        return
    if after.taken_over:
        title = f"{after.facts.version} on {after.request.target} is in another run's hands"
        yield notice(after, "taken-over", Severity.WARNING, title, sentence(event.why))
        return
    told = sentence(*figures(after.verdict))
    name, title = {
        Course.BACK: ("rolling-back", f"Rolling {after.request.target} back to {after.facts.old.version}"),
        Course.FINISH: ("held", f"{after.facts.version} is held on {after.request.target}: a human must decide"),
        Course.LEAVE: ("left", f"{after.facts.version} was interrupted on its way to {after.request.target}"),
        Course.FORWARD: ("forward", f"{after.facts.version} goes on"),
    }[event.course]
    step = "" if event.course is Course.BACK else f"Way back: {way_back(after)}"
    yield notice(after, name, Severity.CRITICAL, title, sentence(event.why), told, step)


def _restored(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    if isinstance(event, StepEnded | StepsPlanned) and _becomes_true(_all_restored, before, after):
        title = f"{place(after)} runs {after.facts.old.version} again, verified everywhere"
        yield notice(after, "rolled-back", Severity.WARNING, title, sentence(after.why))


def _all_restored(run: Run) -> bool:
    """Also when there was nothing to restore: it is the mark that says that all is planned."""
    return run.course is Course.BACK and "mark" in run.steps and all(map(run.passed, run.steps["mark"].step.waits_for))


def _stuck(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    """The way back itself failed: told at once, before the run winds up."""
    if not isinstance(event, StepEnded) or event.ended is not Ended.FAILED:
        return
    failed = after.steps[event.step]
    if failed.step.does not in ("observe", "restore", "turn"):
        return
    what = "first deployment" if after.request.first else "rollback"
    title = f"{place(after)} needs a human: the {what} is incomplete"
    name = f"needs-human:{failed.step.id}"
    yield notice(after, name, Severity.CRITICAL, title, *as_text(failed.lines), f"Next: {_again(after)}")


def _ended(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    if not isinstance(event, RunEnded):
        return
    ending = event.ending
    step = next_step(after.request, ending)
    yield notice(
        after,
        # What is gone on with can come to its end more than once.
        f"unfinished:{utc(event.at)}" if ending.unfinished else "ended",
        _ending_severity(event),
        ending.summary,
        ending.production,
        step,
        f"Run {after.id}.",
        terminal=True,
    )


def _ending_severity(event: RunEnded) -> Severity:
    """A deploy left half-way or a failed rollback is a page; what ended well by other means is worth a look."""
    if event.ending.unfinished or event.ending.code in (ExitCode.NEEDS_HUMAN, ExitCode.BUG):
        return Severity.CRITICAL
    return Severity.GOOD if event.ending.code == ExitCode.DONE else Severity.WARNING


def _becomes_true(condition: Callable[[Run], bool], before: Run, after: Run) -> bool:
    return condition(after) and not condition(before)


def _phase_passed(phase: Phase) -> Callable[[Run], bool]:
    def passed(run: Run) -> bool:
        steps = [p for p in run.steps.values() if p.step.phase is phase]
        return bool(steps) and all(p.passed for p in steps)

    return passed


def _again(run: Run) -> str:
    """The command that makes the way back, or the first deployment, once more."""
    if run.request.first:
        return again_command(run)
    goal = run.facts.version if run.request.action == "rollback" else run.facts.way_back
    return f"rollback-deploy-auto --version {goal}{target_option(run)}"
