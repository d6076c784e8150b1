"""Which versions were good where, from the journal."""

from ..core.ending import ExitCode
from ..core.events import RunStarted, StepEnded
from ..core.facts import Environment
from ..journal.store import RunRow, Store

LOOK_BACK = 200
"""How many runs are looked at, newest first."""


def known_good(store: Store, target: Environment) -> dict[str, str]:
    """Versions that served `target` and were not rolled back, newest first, each with its artifact's digest.

    What a run replaced was good there before it; what a run brought is good when the run ended done.
    """
    good: dict[str, str] = {}
    bad: set[str] = set()
    for row in store.runs(LOOK_BACK):
        if row.target != target:
            continue
        if row.code == ExitCode.ROLLED_BACK:
            bad.add(row.version)
        brought, replaced = _artifacts(store, row)
        if row.code == ExitCode.DONE and row.version not in bad:
            good.setdefault(row.version, brought)
        if row.action == "rollback" and row.code == ExitCode.DONE:
            bad.add(row.old)
        elif row.old not in bad and row.old != "unknown":
            good.setdefault(row.old, replaced)
    return good


def _artifacts(store: Store, row: RunRow) -> tuple[str, str]:
    """The digests of what the run brought and of what it replaced; empty where not known."""
    brought = replaced = ""
    for _, event in store.events(row.run):
        if isinstance(event, RunStarted):
            replaced = event.facts.old.artifact
        if isinstance(event, StepEnded) and event.step in ("build", "artifact"):
            brought = str(event.found.get("artifact", ""))
    return brought, replaced
