"""What can happen to a hotfix, a row each: what the branch holds, and what the world is like."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..core.ending import ExitCode
from ..errors import UsageError

FIX = ("checked-tokens", "fix")
"""The layers of a fix that works."""


@dataclass(frozen=True)
class Scenario:
    """One story. It says how it ends; nothing in the world looks at that.

    `fix` are the template's layers that the hotfix commit lays over v2.14.3, `main` those that main got since.
    `staging_env` and `production_env` are set for the instances there. `rate` is requests a second.
    """

    name: str
    summary: str
    exit_code: ExitCode
    fix: tuple[str, ...] = FIX
    main: tuple[str, ...] = ("main-limits", "main-readme")
    staging_env: Mapping[str, str] = field(default_factory=dict)
    production_env: Mapping[str, str] = field(default_factory=dict)
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
)


def scenario(name: str) -> Scenario:
    """The scenario of that name. Raises `UsageError` naming those there are."""
    for row in SCENARIOS:
        if row.name == name:
            return row
    raise UsageError(f"no scenario {name!r}", detail=f"there are {', '.join(row.name for row in SCENARIOS)}")
