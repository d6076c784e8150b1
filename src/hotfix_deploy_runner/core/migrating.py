"""Database migrations in a run: what they mean for its way back. A rollback of the code never undoes one."""

from collections.abc import Mapping

from .plan import MIGRATE
from .progress import Progress
from .run import Run

CHECK = "check:migrations"
"""The check that lists them: `found` has `migrations`, and by path what is `irreversible` in them."""


def brought(run: Run) -> tuple[str, ...]:
    """The migrations that the hotfix brings, by path, as far as the check has seen them."""
    return tuple(run.steps[CHECK].found.get("migrations", ())) if CHECK in run.steps else ()


def are_in(run: Run) -> bool:
    """Whether they may be in the target's database: their step has begun, or the application may have run them.

    The application runs them, when it starts, where the plan has no such step.
    """
    return bool(brought(run)) and (run.touched or _begun(run) is not None)


def half_applied(run: Run) -> bool:
    """Whether their step began and did not pass: nobody knows how far it came."""
    begun = _begun(run)
    return bool(brought(run)) and begun is not None and not begun.passed


def why_held(run: Run) -> str:
    """What is in that the old version may not work with, in words; empty when nothing is known to be."""
    found: Mapping[str, object] = run.steps[CHECK].found.get("irreversible", {}) if CHECK in run.steps else {}
    if not found or not are_in(run):
        return ""
    return f"not rolled back, as a migration that cannot be taken back is in: {', '.join(found)}"


def warning(run: Run) -> str:
    """What a rollback has to know, in words: that the old version meets a migrated database; empty when it does not."""
    if not are_in(run):
        return ""
    if why_held(run):
        return "A migration that cannot be taken back is in: the old version may not work with the database"
    return "The migrations stay in: the old version meets a migrated database"


def _begun(run: Run) -> Progress | None:
    step = run.steps.get(MIGRATE)
    return step if step is not None and step.begun is not None else None
