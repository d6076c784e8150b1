"""Two of the cases of `make cuts`: an answer that nobody heard, with the remote away when it is asked for."""

from pathlib import Path

import pytest
from tests.cuts.case import run_case
from tests.cuts.moments import MOMENTS
from tests.cuts.town import cut_town

UNHEARD = next(moment for moment in MOMENTS if moment.name == "after: cut, and away for a while")


@pytest.mark.slow
@pytest.mark.parametrize(("transport", "push"), [("ssh", "tag"), ("http", "merge")])
def test_what_was_done_and_not_answered_has_not_failed(tmp_path: Path, transport: str, push: str) -> None:
    with cut_town(transport, tmp_path / "town") as town:
        report = run_case(town, transport, "deploy", "1", (push, 1), UNHEARD, sent=0)
    assert (report.struck, report.code, report.wrong) == (True, 0, []), report.said
