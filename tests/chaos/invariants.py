"""What has to be true after a run that was killed has been gone on with, or given up."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tests.chaos.town import Town
from tests.e2e.place import others_in

from hotfix_deploy_runner.core.events import AnyEvent, NoticeTold, RunEnded
from hotfix_deploy_runner.core.run import Run, fold
from hotfix_deploy_runner.journal.sqlite import SqliteStore
from hotfix_deploy_runner.lock.local import LocalLocks

if TYPE_CHECKING:
    from tests.chaos.cycle import Scenario


def broken(town: Town, scenario: "Scenario", run: str, *, commit: str, base: str, checkout: str) -> list[str]:
    """What is not as it has to be, a line each; none when all is well. `run` is empty when it had not begun."""
    wrong = [*_nothing_left(town, begun=bool(run)), *_locks(town, begun=bool(run))]
    if town.checkout() != checkout:
        wrong.append("the operator's checkout has changed")
    if not run:
        return [*wrong, *_untouched(town, base)]
    events = _events(town, run)
    state = fold(events)
    wrong += _fleet(town, state, base)
    wrong += _tags(town, state, commit)
    wrong += _merges(town, state, scenario)
    wrong += _told(town, state, events)
    return wrong


def _events(town: Town, run: str) -> list[AnyEvent]:
    store = SqliteStore(town.home / "journal.db", read_only=True)
    try:
        return [event for _, event in store.events(run)]
    finally:
        store.close()


def _untouched(town: Town, base: str) -> Iterator[str]:
    if set(town.versions("production")) != {base}:
        yield f"production runs {town.versions('production')}, and no run has begun"


def _fleet(town: Town, run: Run, base: str) -> Iterator[str]:
    """One version, and the one that the run's ending says."""
    if run.ending is None:
        yield "the run has no ending"
        return
    expected = {0: run.facts.version, 6: run.facts.version, 4: base, 3: base}.get(run.ending.code, "?")
    seen = town.versions("production")
    if seen != [expected] * 2:
        yield f"production runs {seen}, and the run ended with {run.ending.code}: {run.ending.summary}"


def _tags(town: Town, run: Run, commit: str) -> Iterator[str]:
    """One tag a version, here and on the remote the same, at the pinned commit; none with another commit."""
    git = town.repository.git
    for where in (town.repository.clone, town.repository.origin):
        lines = git("for-each-ref", "--format=%(refname:short) %(*objectname)", "refs/tags", cwd=where).splitlines()
        tags = dict(line.split(" ", 1) for line in lines if " " in line)
        for tag in (run.facts.version, run.facts.candidate):
            if tag in tags and tags[tag] != commit:
                yield f"the tag {tag} in {where.name} is not at the pinned commit"
        final = [tag for tag, target in tags.items() if target == commit and "-rc." not in tag]
        if len(final) > 1 or (run.ending and run.ending.code == 0 and final != [run.facts.version]):
            yield f"{where.name} has {final} for this commit"


def _merges(town: Town, run: Run, scenario: "Scenario") -> Iterator[str]:
    git, origin = town.repository.git, town.repository.origin
    merges = git("log", "--format=%H", f"--grep=Hotfix-Run: {run.id}", "main", cwd=origin).splitlines()
    done = run.ending is not None and run.ending.code == 0
    if len(merges) > 1 or (done and len(merges) != 1):
        yield f"{len(merges)} merges into main"
    if scenario.bad and merges:
        yield "a bad release was merged"
    there = git("for-each-ref", f"refs/heads/{run.request.branch}", cwd=origin)
    if done and there:
        yield "the branch is still there"


def _told(town: Town, run: Run, events: list[AnyEvent]) -> Iterator[str]:
    """The last word was told; and nothing that is known to be told was told again."""
    if not any(isinstance(event, RunEnded) for event in events):
        yield "the run has no last event"
    known = Counter(event.notice for event in events if isinstance(event, NoticeTold))
    twice = [notice for notice, count in known.items() if count > 1 and not notice.endswith(":ended")]
    if twice:
        yield f"told twice: {twice}"
    summary = run.ending.summary if run.ending else "?"
    if not any(summary in text and run.id in text for text in town.told):
        yield "how it ended was not told"


def _locks(town: Town, *, begun: bool) -> Iterator[str]:
    """Free; where no run had begun, whoever held them is dead, and they are anybody's."""
    locks = LocalLocks(town.home / "locks")
    for place in ("staging", "production"):
        holder = locks.holder(place)
        if holder is not None and (begun or holder.alive):
            yield f"{place} is {holder.state}: {holder}"


def _nothing_left(town: Town, *, begun: bool) -> Iterator[str]:
    """No process, no worktree, no half file; where no run had begun, half a lock waits for the next to change it."""
    if others := others_in(town.folder):
        yield f"still at work: {others}"
    listed = town.repository.git("worktree", "list", "--porcelain").count("worktree ")
    if listed != 1:
        yield f"{listed - 1} worktrees left"
    if half := [path.name for path in _files(town) if _half(path) and (begun or path.parent.name != "locks")]:
        yield f"half files left: {half}"
    if trees := [str(path) for path in (town.folder / "cache").glob("hotfix-deploy-runner/*/*")]:
        yield f"folders of worktrees left: {trees}"
    dirty = subprocess.run(
        ["git", "status", "--porcelain"], cwd=town.repository.clone, capture_output=True, text=True, check=True
    ).stdout
    if dirty:
        yield f"the checkout is not clean: {dirty}"


def _files(town: Town) -> list[Path]:
    return [path for root in (town.repository.clone / ".git", town.repository.origin) for path in root.rglob("*")]


def _half(path: Path) -> bool:
    """A lock of git's, or a file of ours that was not written to its end; not a lock file that is meant to stay."""
    names = (".part", ".new", ".partial", "index.lock", "HEAD.lock", "packed-refs.lock", "config.lock")
    return path.name.endswith(names) and path.is_file()
