"""The settings of a repository, typed. Field descriptions here are what the reference says of each key."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, ConfigDict, Field

from ..core.hooks import Hook
from ..core.policy import FurtherLimit, Policy, Rolling, Watching
from ..settings import Duration, FurtherTable, SetupTable, Table, read_table


def _batch(size: str) -> str:
    if not re.fullmatch(r"[1-9]\d*|(?:100|[1-9]?\d)(?:\.\d+)?%", size):
        raise ValueError("neither a count (1) nor a share (10%)")
    return size


Batch = Annotated[str, AfterValidator(_batch)]
"""`3`, a count of instances, or `10%`, a share of them."""


class StagingTable(Table):
    """How a candidate is proven."""

    smoke: str = Field("", description="Smoke tests against $HOTFIX_URL; write JUnit XML to $HOTFIX_JUNIT.")
    timeout: Duration = Field(300.0, description="How long the smoke tests may take.", gt=0)


class WatchTable(Table):
    """How production is watched after the first new instance."""

    window: Duration = Field(600.0, description="Watched time after the last new instance.", gt=0)
    interval: Duration = Field(2.0, description="Time between two readings.", gt=0)
    alpha: float = Field(
        0.01, description="Chance that a release no worse than its baseline is rolled back.", gt=0, lt=1
    )
    threshold_mode: Literal["absolute", "over-baseline"] = Field("absolute", description="What the threshold means.")
    over_baseline: float = Field(3.0, description="The multiple of the baseline's rate, for over-baseline.", gt=1)
    p99_ratio: float = Field(2.0, description="p99 is over when it is more than this times the baseline's.", gt=1)
    p99_floor: Duration = Field(0.05, description="p99 under this is never over.", ge=0)
    gate_wait: Duration = Field(30.0, description="How long a gate waits for a reading that covers its batch.", ge=0)
    blind_for: Duration = Field(120.0, description="How long no reading at all is borne.", gt=0)
    unhealthy_for: Duration = Field(10.0, description="How long a new instance may be unhealthy.", gt=0)
    on_breach: Literal["rollback", "hold"] = Field("rollback", description="What a breach leads to.")
    on_slow: Literal["warn", "rollback"] = Field("warn", description="What a conclusively slower p99 leads to.")
    probes: str = Field(
        "",
        description="Requests that are safe in production, for when traffic is too little to tell: a command against "
        "$HOTFIX_URL that writes JUnit XML to $HOTFIX_JUNIT.",
    )
    probes_timeout: Duration = Field(60.0, description="How long the probes of one instance may take.", gt=0)


class ChecksTable(Table):
    """The pre-flight checks: a time budget, and the table of each check, by its name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, dict[str, Any]]

    budget: Duration = Field(600.0, description="How long all checks together may take, from the first one on.", gt=0)

    @property
    def tables(self) -> dict[str, dict[str, Any]]:
        """The checks' own tables, as they were given."""
        return dict(self.__pydantic_extra__ or {})


class MigrationsTable(Table):
    """How database migrations that a hotfix brings are run; a rollback never undoes one."""

    allow: bool = Field(False, description="Let a hotfix bring migrations (--allow-migrations).")
    command: str = Field(
        "",
        description="Runs them, once, before the first new instance; is told $HOTFIX_VERSION, $HOTFIX_TARGET and "
        "$HOTFIX_ENV. Empty: the application runs them.",
    )
    staging: str = Field("", description="The same for staging, before the candidate is deployed there.")
    timeout: Duration = Field(600.0, description="How long one of the two may take.", gt=0)


class HooksTable(Table):
    """Commands of the team's at the turns of a run: purge a CDN, silence an alert. Each is told $HOTFIX_HOOK,
    $HOTFIX_VERSION, $HOTFIX_OLD_VERSION, $HOTFIX_TARGET, $HOTFIX_COMMIT and $HOTFIX_RUN. A deploy runs them in its own
    worktree of the pinned commit, an asked rollback in the top of the repository. Their logs are kept with the run's.
    After a crash one may be run again. A first deployment has none.
    """

    before_rollout: str = Field(
        "", description="Once the version is tagged and migrated, before the first batch; a failure stops the run."
    )
    after_rollout: str = Field("", description="After the last gate, beside the watch; a failure is a WARN.")
    before_rollback: str = Field(
        "", description="As a rollback begins, which does not wait for it; a failure is a WARN."
    )
    after_rollback: str = Field("", description="Once everything is verified to be back; a failure is a WARN.")
    timeout: Duration = Field(60.0, description="How long each of them may take.", gt=0)

    @property
    def commands(self) -> dict[Hook, str]:
        """Those that are given, by name."""
        return {name: command for name in get_args(Hook) if (command := getattr(self, name).strip())}


class RolloutTable(Table):
    """How a rollout advances."""

    batches: list[Batch] = Field(
        ["1", "10%", "50%", "100%"], description="Cumulative counts or shares of the instances.", min_length=1
    )
    min_healthy: Duration = Field(10.0, description="How long new instances have to be healthy.", ge=0)
    healthy_deadline: Duration = Field(300.0, description="How long they may take to become so.", gt=0)
    rollback_min_serving: float = Field(75.0, description="Percent that go on serving in a rollback.", ge=0, le=100)
    drain_limit: Duration = Field(30.0, description="How long work in flight may take to stop on a breach.", gt=0)


class MergeTable(Table):
    """What happens to the branch afterwards."""

    back: Literal["push", "off"] = Field("push", description="Push a merge commit, or leave it to you.")
    into: list[str] = Field(["main"], description="The branches that get the fix, in order.")
    delete_branch: bool = Field(True, description="Delete the hotfix branch once the remote's main contains it.")


class Settings(Table):
    """Everything in the file."""

    target: str = Field("production", description="The environment that a run deploys to.")
    skip_staging: bool = Field(False, description="Skip staging; demands a reason.")
    rollback_threshold: float = Field(
        5.0, description="Error rate, in percent, beyond which production is rolled back.", gt=0, lt=100
    )
    notify: list[str] = Field(
        ["slack"], description="Channels to tell: slack, names under [notifiers], notification URLs."
    )
    tag_format: str = Field("v{version}", description="How a version is spelled as a tag.", pattern=r"\{version\}")
    remote: str = Field("origin", description="The git remote that the team shares.")
    journal: str = Field(
        "git",
        description="Where the team keeps locks and runs, so that there is one run at a time for everybody: git (the "
        "remote itself), local (this clone alone), or postgresql://USER@HOST:PORT/DATABASE. The same for everybody.",
    )
    shared_refs: str = Field(
        "refs/hotfix/",
        description="Under which refs of the remote, where the journal is git; such as refs/heads/hotfix-lock/ on a "
        "host that takes only branches.",
        pattern=r"^refs/[A-Za-z0-9/_-]+[/-]$",
    )
    lock_ttl: Duration = Field(
        90.0,
        description="For how long the holder of the team's lock may be silent; a third more, and anybody may take it "
        "over. It is renewed every 4.5th of it, and with less than a third left no new effect begins.",
        ge=5,
    )
    remote_timeout: Duration = Field(
        120.0, description="How long one git command may take, a fetch or a push among them.", gt=0
    )
    setup: SetupTable = SetupTable()
    build: dict[str, Any] = Field({}, description="The artifact builder (`builder`, default archive) and its settings.")
    checks: ChecksTable = ChecksTable()
    migrations: MigrationsTable = MigrationsTable()
    staging: StagingTable = StagingTable()
    environments: dict[str, dict[str, dict[str, Any]]] = Field(
        {}, description="Each environment's platforms, in order, by name."
    )
    metrics: dict[str, Any] = Field(
        {"source": "scrape"}, description='Where error rate and latency are read; source = "none" for nowhere.'
    )
    watch: WatchTable = WatchTable()
    rollout: RolloutTable = RolloutTable()
    hooks: HooksTable = HooksTable()
    merge: MergeTable = MergeTable()
    on_interrupt: Literal["hold", "rollback"] | None = Field(
        None,
        description="What Ctrl-C or a TERM leads to once production is touched: leave it for `resume`, or order the "
        "rollback. Not set: hold; rollback where the variable CI is set.",
    )
    notifiers: dict[str, dict[str, Any]] = Field({}, description="Channels by name, each with a `type`.")

    def policy(self, *, ci: bool = False) -> Policy:
        """The limits and choices, as the core understands them. `ci`: nobody sits there who could go on by hand.

        Raises `WrongTable` for a limit of a further metric that is none.
        """
        watch = self.watch
        watching = Watching(
            threshold=self.rollback_threshold / 100,
            mode=watch.threshold_mode,
            further=tuple(self._further()),
            **watch.model_dump(exclude={"threshold_mode", "probes", "probes_timeout"}),
        )
        rollout = self.rollout.model_dump(exclude={"batches", "rollback_min_serving"})
        rolling = Rolling(
            batches=tuple(self.rollout.batches), rollback_min_serving=self.rollout.rollback_min_serving / 100, **rollout
        )
        merge, migrations = self.merge, self.migrations
        where: tuple[tuple[Literal["staging", "target"], str], ...] = (
            ("staging", migrations.staging),
            ("target", migrations.command),
        )
        migrates = tuple(name for name, command in where if command)
        return Policy(
            watching,
            rolling,
            merge.back,
            tuple(merge.into),
            merge.delete_branch,
            migrates,
            self.on_interrupt or ("rollback" if ci else "hold"),
            tuple(self.hooks.commands),
        )

    def _further(self) -> Iterator[FurtherLimit]:
        """The limits in `[metrics.more.NAME]`; the other keys there are the metrics source's."""
        more = self.metrics.get("more", {})
        for name, given in more.items() if isinstance(more, dict) else ():
            ours = (
                {key: given[key] for key in FurtherTable.model_fields if key in given}
                if isinstance(given, dict)
                else {}
            )
            table = read_table(FurtherTable, ours, f"metrics.more.{name}")
            yield FurtherLimit(name, table.limit, table.on_breach, table.parts, table.warm_up)
