"""All cases, and what came of them as a table to read."""

from collections.abc import Iterable

from tests.e2e.bad_input import of_branches, of_commands, of_networks, of_production, of_settings
from tests.e2e.bad_input.case import Case, Result
from tests.e2e.bad_input.world import OLD

# The longest first: two workers are done at about the same time then.
CASES: tuple[Case, ...] = (
    *of_networks.CASES,
    *of_commands.CASES,
    *of_production.CASES,
    *of_branches.CASES,
    *of_settings.CASES,
)


def markdown(results: Iterable[Result]) -> str:
    """The table, from what was seen."""
    rows = [f"| {r.case.name} | {_code(r.line)} | {r.code} | {_production(r)} |" for r in results]
    return "\n".join(["| input | message | exit code | production after |", "|---|---|---|---|", *rows])


def _code(text: str) -> str:
    return "`" + (text or "(not told)").replace("`", "'").replace("|", "\\|") + "`"


def _production(result: Result) -> str:
    words = {
        "untouched": f"untouched: the same {result.instances} processes of {OLD}",
        "restored": f"restored: {OLD} on all {result.instances}",
        "new": f"the new version on all {result.instances}",
    }
    return words[result.after] if result.after else "MIXED"
