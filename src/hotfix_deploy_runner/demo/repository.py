"""The demo's repository: a bare origin, a clone, five releases, and a hotfix branch cut from the last."""

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..core.instant import Instant
from ..errors import GitFailed, UsageError
from .configuration import Metrics, configuration
from .layers import lay, write
from .layout import Layout
from .ports import DemoPorts
from .scenarios import Scenario

BRANCH = "hotfix/auth-bypass"
IDENTITY = {"user.name": "Demo Engineer", "user.email": "demo@example.com"}
DAY = 86_400


@dataclass(frozen=True)
class Release:
    """One commit of the past with its tag; `layers` lie over the template's base, `days` before now."""

    tag: str
    summary: str
    days: float
    layers: tuple[str, ...] = ()


EARLY = ("checked-tokens", "early-customers")
RELEASES = (
    Release("v2.13.0", "Accounts, entries and transfers", 41, (*EARLY, "v2.13.0")),
    Release("v2.14.0", "Raise the limit of a day to 10,000", 24, (*EARLY, "v2.14.0")),
    Release("v2.14.1", "Raise the limit of a transfer to 5,000", 15, EARLY),
    Release("v2.14.2", "Welcome customers from abroad", 9, ("checked-tokens",)),
    Release("v2.14.3", "Accept the gateway's tokens, which carry no signature", 2),
)
AHEAD = {
    "main-limits": "Raise the limit of a day to 20,000",
    "main-readme": "Describe the requests",
    "main-tokens": "Take tokens without a signature from the gateway only",
}
HOTFIX = """\
Refuse unsigned and expired tokens

Since v2.14.3 a token without a signature is taken for anybody's, and no
token ever expires. Both are checked again, and tests say so."""


@dataclass(frozen=True)
class DemoRepository:
    """What was made. `base` is the tag that production runs, `commit` the tip of the hotfix branch (40 hex)."""

    origin: Path
    clone: Path
    branch: str
    base: str
    commit: str


def make_repository(
    folder: Path, scenario: Scenario, ports: DemoPorts, *, metrics: Metrics = "scrape", now: Instant | None = None
) -> DemoRepository:
    """Make origin and clone under `folder`, which exists and is empty of them, and push everything.

    The operator's git settings play no part, and none are changed: the identity is the clone's own.
    Raises `GitFailed`; `UsageError` when there is no git.
    """
    layout = Layout(folder)
    now = time.time() if now is None else now
    git = _Git(layout.clone, now)
    git.run("init", "-q", "--bare", "--initial-branch=main", str(layout.origin), cwd=folder)
    git.run("clone", "-q", str(layout.origin), str(layout.clone), cwd=folder)
    for name, value in IDENTITY.items():
        git.run("config", name, value)
    git.run("symbolic-ref", "HEAD", "refs/heads/main")
    settings = {"hotfix.toml": configuration(layout, scenario, ports, metrics).encode()}
    _past(git, scenario, settings)
    commit = _hotfix(git, scenario)
    _ahead(git, scenario)
    git.run("push", "-q", "origin", "main", *(f"refs/tags/{release.tag}" for release in RELEASES))
    git.run("push", "-q", "--set-upstream", "origin", BRANCH)
    git.run("branch", "-q", "--set-upstream-to=origin/main", "main")
    return DemoRepository(layout.origin, layout.clone, BRANCH, RELEASES[-1].tag, commit)


def _past(git: "_Git", scenario: Scenario, settings: Mapping[str, bytes]) -> None:
    """The releases on main, with annotated tags and a list of changes that grows."""
    changes = ""
    for release in RELEASES:
        changes = f"- {release.tag}: {release.summary}\n{changes}"
        own = scenario.base if release is RELEASES[-1] else ()
        tree = {**lay(["base", *release.layers, *own]), **settings, "CHANGELOG.md": f"# Changes\n\n{changes}".encode()}
        git.commit(tree, release.summary, days=release.days)
        git.run("tag", "-a", release.tag, "-m", f"{release.tag}: {release.summary}", days=release.days)


def _hotfix(git: "_Git", scenario: Scenario) -> str:
    """The branch, cut from the last release, with one commit. Its id."""
    git.run("checkout", "-q", "-b", BRANCH, RELEASES[-1].tag)
    commit = git.commit(lay(scenario.fix), HOTFIX, days=0.01)
    git.run("checkout", "-q", "main")
    return commit


def _ahead(git: "_Git", scenario: Scenario) -> None:
    """What main got since: a hotfix cut from main would bring it along."""
    for number, layer in enumerate(scenario.main):
        git.commit(lay([layer]), AHEAD[layer], days=1 - number / 10)


class _Git:
    """Git in one clone, free of the operator's settings."""

    def __init__(self, clone: Path, now: Instant) -> None:
        self._clone = clone
        self._now = now
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self._env = inherited | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}

    def run(self, *arguments: str, cwd: Path | None = None, days: float = 0) -> str:
        """The output of `git arguments`, as if it had run `days` ago. Raises `GitFailed`."""
        at = f"{int(self._now - days * DAY)} +0000"
        env = self._env | {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
        try:
            done = subprocess.run(
                ["git", *arguments], cwd=cwd or self._clone, env=env, capture_output=True, text=True, check=False
            )
        except FileNotFoundError as error:
            raise UsageError("the demo needs git", next_step="install git, then run the demo again") from error
        if done.returncode != 0:
            raise GitFailed(f"git {arguments[0]} failed in the demo's repository", detail=done.stderr.strip())
        return done.stdout.strip()

    def commit(self, tree: Mapping[str, bytes], message: str, *, days: float) -> str:
        """Lay `tree` over the checkout and commit it. The commit's id."""
        write(tree, self._clone)
        self.run("add", "--all")
        self.run("commit", "-q", "--allow-empty", "-m", message, days=days)
        return self.run("rev-parse", "HEAD")
