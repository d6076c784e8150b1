"""Which versions were good where, from the journal."""

from ..core.ending import ExitCode
from ..core.events import RunStarted, StepEnded
from ..core.facts import Environment, Facts
from ..core.migrating import CHECK
from ..core.revision import UNKNOWN, Revision
from ..journal.store import RunRow, Store
from .tag import BEFORE

LOOK_BACK = 200
"""How many runs are looked at, newest first."""


def known_good(store: Store, target: Environment) -> dict[str, RunRow]:
    """Versions that served `target` and were not rolled back, newest first, each with the newest run that shows it.

    What a run replaced was good there before it; what a run brought is good when the run ended done. What somebody
    asked to roll back from is not, however far that rollback came.
    """
    good: dict[str, RunRow] = {}
    bad: set[str] = set()
    for row in store.runs(LOOK_BACK):
        if row.target != target:
            continue
        if row.code == ExitCode.ROLLED_BACK:
            bad.add(row.version)
        if row.code == ExitCode.DONE and row.version not in bad:
            good.setdefault(row.version, row)
        if row.action == "rollback" and row.old != row.version:
            bad.add(row.old)
        elif row.old not in bad and row.old != UNKNOWN.version:
            good.setdefault(row.old, row)
    return good


def named_before(store: Store, target: Environment, name: str) -> Revision | None:
    """What ran on `target` before the version that the tag `name` (`before/v2.14.4`) is of; None: no run knows.

    It is exactly that, whatever its own name; only what had none is called `name`.
    """
    for row in store.runs(LOOK_BACK):
        if (row.target, row.action, BEFORE + row.version) == (target, "deploy", name):
            facts = _facts(store, row)
            called = name if facts.old.version == UNKNOWN.version else facts.old.version
            return Revision(called, facts.base, facts.old.artifact) if facts.before == name else None
    return None


def commit_of(store: Store, row: RunRow, version: str) -> str:
    """The commit of `version`, which the run of `row` brought or replaced; empty where it is not known."""
    facts = _facts(store, row)
    return facts.commit if version == row.version else facts.base


def _facts(store: Store, row: RunRow) -> Facts:
    started = store.events(row.run)[0][1]
    assert isinstance(started, RunStarted), "a run begins with run-started"
    return started.facts


def irreversible_in(store: Store, target: Environment, version: str) -> tuple[str, ...]:
    """The migrations that cannot be taken back which `version` brought to `target`, by path, from its newest run."""
    for row in store.runs(LOOK_BACK):
        if (row.target, row.action, row.version) == (target, "deploy", version):
            found = (e.found for _, e in store.events(row.run) if isinstance(e, StepEnded) and e.step == CHECK)
            return tuple(path for known in found for path in known.get("irreversible", ()))
    return ()


def artifact_of(store: Store, row: RunRow, version: str) -> str:
    """The artifact's digest of `version`, which the run of `row` brought or replaced; empty where it is not known."""
    brought = replaced = ""
    for _, event in store.events(row.run):
        if isinstance(event, RunStarted):
            replaced = event.facts.old.artifact
        if isinstance(event, StepEnded) and event.step in ("build", "artifact"):
            brought = str(event.found.get("artifact", ""))
    return brought if version == row.version else replaced
