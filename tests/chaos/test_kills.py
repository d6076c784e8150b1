"""A fixed sample of what `make chaos` does: SIGKILL at points of a run, then resume or abort."""

from pathlib import Path

import pytest
from tests.chaos.cycle import SCENARIOS, points, run_cycle
from tests.chaos.plans import plans
from tests.chaos.town import Town

KILLS, SHARES, SEED = 24, 4, 20261124


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_nothing_half_done_is_lost(tmp_path: Path, share: int) -> None:
    with Town(tmp_path / "town") as town:
        known = {name: len(points(town, n, SCENARIOS[name])) for n, name in enumerate(("deploy", "breach"))}
        mine = plans({**known, "abort": known["deploy"]}, KILLS, SEED)[share::SHARES]
        reports = [run_cycle(town, 10 + n, SCENARIOS[name], *kills) for n, (name, kills) in enumerate(mine)]
    assert sum(report.killed for report in reports) > len(mine) // 2, "most kills strike"
    assert [f"{report}: {report.wrong}" for report in reports if report.wrong] == []
