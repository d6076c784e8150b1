"""What can happen to a hotfix, a row each: what the branch holds, and what the world is like."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..core.ending import ExitCode
from ..errors import UsageError

FIX = ("checked-tokens", "fix")
"""The layers of a fix that works."""

MAIN = ("main-limits", "main-readme")
"""What main has besides, and the hotfix does not touch."""

SLOW = (*FIX, "fix-slow")
BUSY_BANK = {"BANK_MEDIAN": "0.015"}
"""A bank that takes long enough for a baseline: a p99 under 50 ms is never too slow."""
LONGER = {"window": "14s"}
"""A window for what is not judged in an instance's first ten seconds."""


@dataclass(frozen=True)
class Scenario:
    """One story. It says how it ends; nothing in the world looks at that.

    `base` are the template's layers that v2.14.3 has besides, `fix` those that the hotfix commit lays over it, `main`
    those that main got since. `staging_env` and `production_env` are set for the instances there. `watch` and
    `rollout` are settings of hotfix.toml that are not the demo's usual ones. `rate` is requests a second.
    """

    name: str
    summary: str
    exit_code: ExitCode
    base: tuple[str, ...] = ()
    fix: tuple[str, ...] = FIX
    main: tuple[str, ...] = MAIN
    staging_env: Mapping[str, str] = field(default_factory=dict)
    production_env: Mapping[str, str] = field(default_factory=dict)
    watch: Mapping[str, str] = field(default_factory=dict)
    rollout: Mapping[str, str] = field(default_factory=dict)
    rate: float = 60.0


SCENARIOS = (
    Scenario("good", "the fix works", ExitCode.DONE),
    Scenario(
        "errors",
        "customers whose names are not plain ASCII get 500 from the fix: about 30 % of the requests",
        ExitCode.ROLLED_BACK,
        fix=(*FIX, "fix-errors"),
    ),
    Scenario(
        "crash",
        "the fix needs a setting that only staging has, and does not start in production",
        ExitCode.ROLLED_BACK,
        fix=(*FIX, "fix-crash"),
        staging_env={"TOKEN_AUDIENCE": "staging"},
    ),
    Scenario(
        "failing-test",
        "the fix refuses tokens a minute too early, and one test of 47 says so",
        ExitCode.STOPPED,
        fix=(*FIX, "fix-failing-test"),
    ),
    Scenario(
        "leaked-secret",
        "the fix has the gateway's token in its source",
        ExitCode.STOPPED,
        fix=(*FIX, "fix-leaked-secret"),
    ),
    Scenario(
        "migration",
        "the fix brings a database migration with it",
        ExitCode.STOPPED,
        fix=(*FIX, "fix-migration"),
    ),
    Scenario(
        "hang",
        "the fix locks itself out once it has met 16 tokens: it takes requests, and never answers them",
        ExitCode.ROLLED_BACK,
        fix=(*FIX, "fix-hang"),
        rollout={"min_healthy": "6s"},  # long enough beside the old instances to be compared with them
    ),
    Scenario(
        "slow",
        "the fix makes every login wait a third of a second: p99 is about three times what it was",
        ExitCode.UNPROVEN,
        fix=SLOW,
        production_env=BUSY_BANK,
        watch=LONGER,
    ),
    Scenario(
        "slow-rollback",
        'the same as slow, with on_slow = "rollback"',
        ExitCode.ROLLED_BACK,
        fix=SLOW,
        production_env=BUSY_BANK,
        watch={**LONGER, "on_slow": "rollback"},
    ),
    Scenario(
        "not-worse",
        "production answers 500 to 30 % of the requests, and the fix still does to 8 %: no rollback would help",
        ExitCode.UNPROVEN,
        base=("ascii-tokens",),
        fix=(*FIX, "fix-names"),
        watch=LONGER,
    ),
    Scenario(
        "quiet",
        "the fix works, and hardly anybody is there to show it: probes do",
        ExitCode.DONE,
        rate=0.5,
    ),
    Scenario(
        "blind",
        "the fix hides the metrics where METRICS is internal, as it is in production: live, and unobserved",
        ExitCode.UNPROVEN,
        fix=(*FIX, "fix-blind"),
        production_env={"METRICS": "internal"},
        watch={"gate_wait": "2s", "blind_for": "5s"},
    ),
    Scenario(
        "conflict",
        "the fix works, but main has changed the same lines: it is live and not merged back",
        ExitCode.UNPROVEN,
        main=(*MAIN, "main-tokens"),
    ),
)


def scenario(name: str) -> Scenario:
    """The scenario of that name. Raises `UsageError` naming those there are."""
    for row in SCENARIOS:
        if row.name == name:
            return row
    raise UsageError(f"no scenario {name!r}", detail=f"there are {', '.join(row.name for row in SCENARIOS)}")
