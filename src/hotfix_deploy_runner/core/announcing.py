"""The making of one notice: its words and how much they matter. When there is one: see `notices`."""

from .check import Line, Status, worst
from .notice import Notice, Severity, Standing
from .phrases import capital
from .run import Run
from .step import Course, Phase


def notice(run: Run, name: str, severity: Severity, title: str, *text: str, terminal: bool = False) -> Notice:
    """The notice `<run>:<name>` at the run's latest instant; empty parts of `text` are left out, each has a line."""
    words = "\n".join(part for part in text if part)
    return Notice(f"{run.id}:{name}", run.id, run.latest, severity, title, words, terminal, standing(run))


def standing(run: Run) -> Standing:
    """Where `run` stands now: what it is about, what it leads from and to, its phase, and how it ended."""
    request, facts = run.request, run.facts
    kinds = {"deploy": f"Hotfix {facts.version} ({request.branch}) for", "first": "First deployment on"}
    what, before = kinds.get(request.kind, "Rollback of"), "nothing" if request.first else facts.old.version
    result = "" if run.ending is None else "\n".join((run.ending.summary, run.ending.production))
    return Standing(f"{what} {request.target}", f"{before} → {facts.version}", phase_of(run).value, result)


def phase_of(run: Run) -> Phase:
    """The phase that `run` is in: that of the first step still to come on its way; a gate belongs to what it opens."""
    for progress in run.steps.values():
        step = progress.step
        on_the_way = (
            step.course in (run.course, Course.FINISH) and not step.background and step.does not in ("gate", "hook")
        )
        if on_the_way and progress.ended is None:
            return step.phase
    return Phase.AFTERWARDS


def way_back(run: Run) -> str:
    """The command that brings back what ran before."""
    return f"rollback-deploy-auto --version {run.facts.way_back}{target_option(run)}"


def sentence(*parts: str) -> str:
    """The parts with commas between them, as a sentence; empty when there are none."""
    words = capital(", ".join(parts))
    return words if not words or words.endswith((".", "!", "?")) else f"{words}."


def target_option(run: Run) -> str:
    """What a command needs more to mean this run's environment."""
    return "" if run.request.target in ("production", "staging") else f" --target {run.request.target}"


def place(run: Run) -> str:
    """The environment whose state is told, at the beginning of a sentence; a staging run tells production's."""
    return "Production" if run.request.target == "staging" else run.request.target.capitalize()


def lines_of(run: Run, phase: Phase) -> tuple[Line, ...]:
    """What the steps of a phase have said, in declared order."""
    return tuple(line for p in run.steps.values() if p.step.phase is phase for line in p.lines)


def as_text(lines: tuple[Line, ...]) -> tuple[str, ...]:
    """The lines with their marks, without their details."""
    return tuple(f"[{line.status}] {line.text}" for line in lines)


def severity_of(lines: tuple[Line, ...]) -> Severity:
    """WARNING when one of the lines warns or fails."""
    return Severity.WARNING if worst(line.status for line in lines) in (Status.WARN, Status.FAIL) else Severity.INFO
