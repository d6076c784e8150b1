"""The only place where objects are put together."""

import getpass
import os
import socket
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import plugins
from ..config.load import Loaded
from ..config.model import Settings
from ..core.instant import Instant
from ..core.policy import Policy
from ..core.run import Run
from ..core.version import TagFormat
from ..doors.command import Commands
from ..doors.git import Git
from ..doors.http import Http
from ..doors.install import Installer, Setup
from ..doors.redaction import Redactor
from ..doors.repository import Repository
from ..errors import UsageError
from ..journal.sqlite import SqliteStore
from ..journal.store import Store
from ..lock.local import LocalLocks
from ..platforms.version_url import VersionAsked
from ..ports import ArtifactBuilder, Check, MetricsSource, Notifier, Platform, Site, Workplace
from ..shared.commons import Commons
from ..shared.place import secrets
from ..steps.build import Build
from ..steps.discover import Discovery
from ..steps.finish import Finish
from ..steps.hooks import Hooks
from ..steps.migrate import Migrate
from ..steps.preflight import Preflight, Trees
from ..steps.probes import Probes
from ..steps.rollout import Rollout
from ..steps.smoke import SmokeTests
from ..steps.staging import Staging
from ..steps.tag import Tags
from ..steps.watch import WatchTarget
from ..steps.way_back import WayBack
from ..steps.work import Perform, Platforms, Publish
from . import channels
from .carried import Carried
from .commons import commons_of, place_of

CHECKS = ("branch", "tests", "security", "migrations", "scope", "pipelines", "way-back")
"""The pre-flight checks, in the order in which they are told."""


def steady_clock(not_before: Instant = 0.0) -> Callable[[], Instant]:
    """A clock that tells UTC as it was at the start and then only counts: the machine's clock may jump, a run not.

    It starts at `not_before` where that is later: a run that goes on does not go back in time.
    """
    epoch, origin = max(time.time(), not_before), time.monotonic()
    return lambda: epoch + time.monotonic() - origin


class Project:
    """One repository with its settings, and everything that works on it. Made for one command, then let go."""

    def __init__(self, repository: Repository, loaded: Loaded, not_before: Instant = 0.0) -> None:
        self.repository, self.loaded, self.settings = repository, loaded, loaded.settings
        self.home = repository.home
        self.place = place_of(loaded)
        known = (*channels.secrets(loaded.settings, os.environ), *secrets(self.place))
        self.redact = Redactor.from_environment(os.environ, known)
        self.clock = steady_clock(not_before)
        self.operator = operator()
        self.host = socket.gethostname()
        self._commons: tuple[Commons | None] | None = None
        self.team_is_silent = False
        """Whether the place that the team shares was asked by this command, and has not answered in time."""

    @property
    def children(self) -> Path:
        """Where the programs that a command of ours runs are noted."""
        return self.home / "children"

    @cached_property
    def commands(self) -> Commands:
        """The door to other programs."""
        return Commands(self.redact, children=self.children)

    @cached_property
    def git(self) -> Git:
        """The door to git."""
        return Git.of(self.workplace)

    @cached_property
    def http(self) -> Http:
        """The door to HTTP; to be closed."""
        return Http(self.redact)

    @cached_property
    def store(self) -> Store:
        """The journal."""
        return SqliteStore(self.home / "journal.db")

    @cached_property
    def locks(self) -> LocalLocks:
        """The locks of the environments."""
        return LocalLocks(self.home / "locks")

    @cached_property
    def carried(self) -> Carried:
        """How far the team has the runs of this clone."""
        return Carried(self.home / "carried.json")

    async def commons(self) -> Commons | None:
        """The place that the team shares; None where there is none. Asked of git once."""
        if self._commons is None:
            self._commons = (await commons_of(self.place, self.settings, self.workplace),)
        return self._commons[0]

    async def let_commons_go(self) -> None:
        """Close what the shared place keeps open; it can be asked again."""
        if self._commons is not None and self._commons[0] is not None:
            await self._commons[0].aclose()
        self._commons = None

    @cached_property
    def trees(self) -> Trees:
        """Where runs keep worktrees and logs."""
        return Trees(self.repository.trees, self.home / "runs")

    @cached_property
    def workplace(self) -> Workplace:
        """What a plug-in without a platform gets."""
        settings = self.settings
        return Workplace(
            self.repository.top,
            self.home,
            self.redact,
            settings.remote,
            self.operator,
            self.clock,
            settings.remote_timeout,
            self.children,
        )

    @cached_property
    def platforms(self) -> Platforms:
        """Every configured platform, in the order of the file."""
        return {
            (environment, name): self._platform(environment, name, table)
            for environment, tables in self.settings.environments.items()
            for name, table in tables.items()
        }

    @cached_property
    def discovery(self) -> Discovery:
        """What is true before a run."""
        tags = TagFormat(self.settings.tag_format)
        return Discovery(self.git, self.platforms, tags, self.store)

    @cached_property
    def builder(self) -> ArtifactBuilder:
        """The artifact builder."""
        made: ArtifactBuilder = self._named_in("artifacts", self.settings.build, "builder", "archive")
        return made

    @cached_property
    def metrics(self) -> MetricsSource | None:
        """The metrics source; None where the settings say `none`."""
        if self.settings.metrics.get("source") == "none":
            return None
        made: MetricsSource = self._named_in("metrics", self.settings.metrics, "source", "scrape")
        return made

    @cached_property
    def checks(self) -> dict[str, Check]:
        """The pre-flight checks by name, in order."""
        unknown = set(self.settings.checks.tables) - set(plugins.names("checks"))
        for name in sorted(unknown):
            plugins.factory("checks", name)
        return {name: self._made("checks", name, self._check_table(name), self.workplace) for name in CHECKS}

    @property
    def policy(self) -> Policy:
        """The limits and choices of a run. In CI, nobody sits there who could go on by hand."""
        with self.loaded.placing():
            return self.settings.policy(ci=bool(os.environ.get("CI")))

    @cached_property
    def preflight(self) -> Preflight:
        """The worktrees, the installation and the checks."""
        table = self.settings.setup
        setup = Setup(table.command, tuple(table.inputs), table.timeout)
        installer = Installer(self.commands, self.home / "caches")
        return Preflight(self.git, installer, setup, self.checks, self.trees, self.settings.checks.budget)

    @cached_property
    def build(self) -> Build:
        """What builds artifacts, and finds them again."""
        return Build(self.git, self.builder, self.trees, self.home / "artifacts")

    def channels(self) -> tuple[dict[str, Notifier], dict[str, str]]:
        """The channels to tell, by name; and those that cannot be told, with how to change that."""
        with self.loaded.placing():
            return channels.made(channels.wanted(self.settings.notify, self.settings.notifiers), self.workplace)

    def performers(self, write_document: Callable[[Run], Path], push: Publish | None = None) -> Mapping[str, Perform]:
        """Who does what: every kind of step that a plan may hold. `push` is how the remote is given refs."""
        settings, preflight = self.settings, self.preflight
        migrations = settings.migrations
        by_staging, otherwise = {"staging": migrations.staging}, migrations.command
        migrate = Migrate(self.commands, by_staging, otherwise, migrations.timeout, self.trees)
        build = self.build
        smoke = SmokeTests(self.commands, settings.staging.smoke, settings.staging.timeout)
        staging = Staging(self.platforms, smoke, self.http, _health_paths(settings), self.trees)
        probes = Probes(self.platforms, self.commands, settings.watch.probes, settings.watch.probes_timeout, self.trees)
        hooks = Hooks(self.commands, settings.hooks.commands, settings.hooks.timeout, self.trees, self.repository.top)
        watch = WatchTarget(self.platforms, self.metrics)
        rollout, back = Rollout(self.platforms, watch.read_soon), WayBack(self.platforms)
        tags = Tags(self.git, settings.remote, push)
        finish = Finish(self.git, self.trees, write_document, settings.remote, push)
        return {
            "worktree": preflight.worktree,
            "install": preflight.install,
            "check": preflight.check,
            "channels": preflight.channels,
            "build": build.build,
            "artifact": build.artifact,
            "deploy": staging.deploy,
            "smoke": staging.smoke,
            "health": staging.health,
            "no-staging": staging.no_staging,
            "tag": tags.tag,
            "before": tags.before,
            "mark": tags.mark,
            "record": rollout.record,
            "prepare": rollout.prepare,
            "migrate": migrate.migrate,
            "hook": hooks.hook,
            "batch": rollout.batch,
            "settle": rollout.settle,
            "watch": watch.watch,
            "probes": probes.probe,
            "observe": back.observe,
            "restore": back.restore,
            "turn": back.turn,
            "merge": finish.merge,
            "delete-branch": finish.delete_branch,
            "cleanup": finish.cleanup,
            "document": finish.document,
        }

    def _platform(self, environment: str, name: str, table: Mapping[str, Any]) -> Platform:
        site = Site(
            environment=environment,
            name=name,
            state=self.home / "platforms" / environment / name,
            artifacts=self.home / "artifacts",
            caches=self.home / "caches",
            redact=self.redact,
            children=self.children,
        )
        kind = str(table.get("platform", "process"))
        rest = {key: value for key, value in table.items() if key not in ("platform", "version_url")}
        if kind == "process":
            rest.setdefault("setup", self.settings.setup.model_dump())
        platform: Platform = self._made("platforms", kind, rest, site)
        path = _version_path(table, f"environments.{environment}.{name}")
        return VersionAsked(platform, path, self.http) if path else platform

    def _named_in(self, group: plugins.Group, table: Mapping[str, Any], key: str, default: str) -> Any:
        """A plug-in made by the factory that `table[key]` names, with the rest of its table."""
        rest = {name: value for name, value in table.items() if name != key}
        return self._made(group, str(table.get(key, default)), rest, self.workplace)

    def _made(self, group: plugins.Group, name: str, table: Mapping[str, Any], where: Site | Workplace) -> Any:
        """A plug-in made from its table. Raises `UsageError` with the place of what is wrong in it."""
        with self.loaded.placing():
            return plugins.factory(group, name)(table, where)

    def _check_table(self, name: str) -> dict[str, Any]:
        table = dict(self.settings.checks.tables.get(name, {}))
        if name == "migrations":
            table["allow"] = self.settings.migrations.allow or table.get("allow", False)
            table.setdefault("run_by", "command" if self.settings.migrations.command else "application")
        if name == "branch" and self.settings.merge.into:
            table.setdefault("main", self.settings.merge.into[0])
        return table


def _version_path(table: Mapping[str, Any], room: str) -> str:
    """The path of `version_url`, empty where there is none. Raises `UsageError` for what is no path."""
    path = table.get("version_url", "")
    if path and not (isinstance(path, str) and path.startswith("/")):
        raise UsageError(f"{room}.version_url: does not begin with /", next_step='such as version_url = "/version"')
    return str(path)


def _health_paths(settings: Settings) -> dict[tuple[str, str], str]:
    return {
        (environment, name): str(table.get("health", "/healthz"))
        for environment, tables in settings.environments.items()
        for name, table in tables.items()
    }


def operator() -> str:
    """Who runs this: `HOTFIX_OPERATOR`, else the account."""
    try:
        return os.environ.get("HOTFIX_OPERATOR") or getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
