"""What people are told of a run, and when: one message a phase. Pure; who delivers them is another's business.

An id is the run's, a colon and what happened (`<run>:staging-proven`), so that a resume tells nothing twice.
"""

from collections.abc import Callable, Iterator

from .check import Line, Status, worst
from .ending import ExitCode
from .events import AnyEvent, CourseChanged, RunEnded, RunStarted, StepEnded, StepsPlanned, StepStarted
from .notice import Notice, Severity
from .phrases import capital, figures, next_step
from .run import Run
from .step import Course, Ended, Phase
from .verdict import Kind

Rule = Callable[[Run, AnyEvent, Run], Iterator[Notice]]
"""What one kind of message is told for: the run before an event, the event, and the run after it."""


def notices(before: Run | None, event: AnyEvent, after: Run) -> tuple[Notice, ...]:
    """The messages that `event`, which led from `before` to `after`, gives rise to; mostly none.

    `before` is None for `RunStarted`, which begins a run.
    """
    if before is None or isinstance(event, RunStarted):
        return (_started(after),)
    rules: tuple[Rule, ...] = (_checked, _proven, _production, _gate, _deployed, _turned, _restored, _stuck, _ended)
    return tuple(notice for rule in rules for notice in rule(before, event, after))


def _notice(run: Run, name: str, severity: Severity, title: str, *text: str, terminal: bool = False) -> Notice:
    words = "\n".join(part for part in text if part)
    return Notice(f"{run.id}:{name}", run.id, run.latest, severity, title, words, terminal)


def _started(run: Run) -> Notice:
    """Also what was skipped or overridden, and what to do should this process die."""
    request, facts = run.request, run.facts
    by = f"By {request.operator or 'unknown'}" + (f" on {request.host}" if request.host else "") + f", run {run.id}."
    reasons = tuple(f"Overridden: {what} ({why})." for what, why in request.reasons.items())
    if request.action == "rollback":
        title = f"Rollback of {request.target} from {facts.old.version} to {facts.version} has begun"
        again = f"If this process dies: rollback-deploy-auto --version {facts.version}{_where(run)}"
        return _notice(run, "started", Severity.WARNING, title, by, *reasons, again)
    title = f"Hotfix {facts.version} ({request.branch}) for {request.target} has begun"
    base = f"{_place(run)} runs {facts.old.version}; commit {facts.commit[:12]}."
    severity = Severity.WARNING if reasons else Severity.INFO
    alone = "" if request.target == "staging" else f"No automatic rollback if this process dies: {_way_back(run)}"
    return _notice(run, "started", severity, title, by, base, *reasons, alone)


def _way_back(run: Run) -> str:
    return f"rollback-deploy-auto --version {run.facts.old.version}{_where(run)}"


def _sentence(*parts: str) -> str:
    words = capital(", ".join(parts))
    return words if not words or words.endswith((".", "!", "?")) else f"{words}."


def _where(run: Run) -> str:
    return "" if run.request.target in ("production", "staging") else f" --target {run.request.target}"


def _place(run: Run) -> str:
    return "Production" if run.request.target == "staging" else run.request.target.capitalize()


def _checked(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    if _becomes_true(_phase_passed(Phase.PREFLIGHT), before, after):
        lines = _lines(after, Phase.PREFLIGHT)
        yield _notice(after, "checks-done", _severity(lines), "Pre-flight checks pass", *_as_text(lines))


def _proven(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    if not _becomes_true(_phase_passed(Phase.STAGING), before, after):
        return
    lines = _lines(after, Phase.STAGING)
    if "no-staging" in after.steps:
        yield _notice(after, "staging-skipped", Severity.WARNING, "Staging was skipped", *_as_text(lines))
    else:
        title = f"{after.facts.candidate} is proven on staging"
        yield _notice(after, "staging-proven", _severity(lines), title, *_as_text(lines))


def _production(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    if isinstance(event, StepStarted) and after.touched and not before.touched and after.request.action == "deploy":
        count = after.facts.count(after.request.target)
        steps = sum(p.step.does == "batch" for p in after.steps.values())
        text = f"{count} instances in {steps} {'batch' if steps == 1 else 'batches'}, from {after.facts.old.version}."
        yield _notice(
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
    yield _notice(after, gate.id, _severity(event.lines), title, _sentence(*figures(now)), *_as_text(event.lines))


def _deployed(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    """At the end of the watch: only a verdict makes "deployed" true."""
    if not isinstance(event, StepEnded) or after.steps[event.step].step.does != "validate":
        return
    verdict = after.verdict
    if event.ended is not Ended.PASSED or verdict is None:
        return
    good = verdict.kind is Kind.HEALTHY
    title = f"{after.facts.version} is live on {after.request.target}" + ("" if good else ", but look at it")
    severity = Severity.GOOD if good else Severity.WARNING
    yield _notice(
        after, "deployed", severity, title, "" if good else _sentence(verdict.reason), _sentence(*figures(verdict))
    )


def _turned(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    """Production is being rolled back, or is held over its limits, or is left as it is: each is a page."""
    begun = after.touched and after.request.action == "deploy"
    if not isinstance(event, CourseChanged) or not begun or before.course is not Course.FORWARD:
        return
    told = _sentence(*figures(after.verdict))
    name, title = {
        Course.BACK: ("rolling-back", f"Rolling {after.request.target} back to {after.facts.old.version}"),
        Course.FINISH: ("held", f"{after.facts.version} is held on {after.request.target}: a human must decide"),
        Course.LEAVE: ("left", f"{after.facts.version} was interrupted on its way to {after.request.target}"),
        Course.FORWARD: ("forward", f"{after.facts.version} goes on"),
    }[event.course]
    step = "" if event.course is Course.BACK else f"Way back: {_way_back(after)}"
    yield _notice(after, name, Severity.CRITICAL, title, _sentence(event.why), told, step)


def _restored(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    if isinstance(event, StepEnded | StepsPlanned) and _becomes_true(_all_restored, before, after):
        title = f"{_place(after)} runs {after.facts.old.version} again, verified everywhere"
        yield _notice(after, "rolled-back", Severity.WARNING, title, _sentence(after.why))


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
    title = f"{_place(after)} needs a human: the rollback is incomplete"
    name = f"needs-human:{failed.step.id}"
    again = f"Next: rollback-deploy-auto --version {_goal(after)}{_where(after)}"
    yield _notice(after, name, Severity.CRITICAL, title, *_as_text(failed.lines), again)


def _goal(run: Run) -> str:
    return run.facts.version if run.request.action == "rollback" else run.facts.old.version


def _ended(before: Run, event: AnyEvent, after: Run) -> Iterator[Notice]:
    if not isinstance(event, RunEnded):
        return
    ending = event.ending
    step = next_step(after.request, ending)
    yield _notice(
        after,
        "ended",
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


def _lines(run: Run, phase: Phase) -> tuple[Line, ...]:
    return tuple(line for p in run.steps.values() if p.step.phase is phase for line in p.lines)


def _as_text(lines: tuple[Line, ...]) -> tuple[str, ...]:
    return tuple(f"[{line.status}] {line.text}" for line in lines)


def _severity(lines: tuple[Line, ...]) -> Severity:
    return Severity.WARNING if worst(line.status for line in lines) in (Status.WARN, Status.FAIL) else Severity.INFO
