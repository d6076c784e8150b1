"""The tables of `runs` and `status`, and a run told again."""

import io
import subprocess
import sys

from tests.fakes.events import START, fleet, good_deploy
from tests.views.test_plain import GOOD

from hotfix_deploy_runner.core.fleet import Fleet, Instance, State
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.journal.rows import RunRow
from hotfix_deploy_runner.lock.local import Holder
from hotfix_deploy_runner.views.instances import instances_lines
from hotfix_deploy_runner.views.listing import EnvironmentStatus, runs_text, status_text
from hotfix_deploy_runner.views.plain import replay

DONE = RunRow(
    "r-2",
    "deploy",
    "hotfix/auth-bypass",
    "production",
    "v2.14.4",
    "v2.14.3",
    START,
    "ada",
    START + 185.0,
    4,
    "Hotfix v2.14.4 was rolled back: why.",
)
LIVE = RunRow("r-10", "rollback", "", "production", "v2.14.3", "v2.14.4", START + 60)


def test_runs_are_a_table_with_the_result_in_words() -> None:
    assert runs_text([LIVE, DONE]) == (
        "RUN   STARTED (UTC)     ACTION    TARGET      WHAT                          RESULT         TOOK\n"
        "r-10  2026-11-23 03:01  rollback  production  v2.14.3                       not ended\n"
        "r-2   2026-11-23 03:00  deploy    production  hotfix/auth-bypass (v2.14.4)  4 rolled back  3m 05s\n"
    )


def test_no_run_is_said() -> None:
    assert runs_text([]) == "No run yet.\n"


def test_status_says_who_holds_it_how_it_ended_and_what_runs() -> None:
    odd = Instance("web-4", "x", Revision("unknown"), State.FAILED, why="exited with 1")
    mixed = Fleet((*fleet(1).instances, odd))
    holder = Holder("production", "held", "r-10", "bob", "ops-1", 42, START)
    text = status_text(
        [
            EnvironmentStatus("staging", instances=[*instances_lines({"web": Fleet()})]),
            EnvironmentStatus("production", holder, DONE, [*instances_lines({"web": mixed})]),
        ]
    )
    assert text == (
        "staging: free\n"
        "  Last run: none\n"
        "  web: nothing runs\n"
        "\n"
        "production: held, run r-10 of bob, process 42 on ops-1, since 2026-11-23T03:00:00Z\n"
        "  Last run: r-2, 2026-11-23 03:00 UTC, 4 rolled back: Hotfix v2.14.4 was rolled back: why.\n"
        "  web:\n"
        "    web-1  v2.14.4  ready\n"
        "    web-2  v2.14.3  ready\n"
        "    web-3  v2.14.3  ready\n"
        "    web-4  unknown  failed    exited with 1\n"
    )


def test_a_holder_whose_process_has_ended_is_told_as_that() -> None:
    dead = Holder("production", "held", "r-10", "bob", "ops-1", 42, START, alive=False)
    assert "; its process has ended" in status_text([EnvironmentStatus("production", dead)])
    assert "; its process has ended" not in status_text([EnvironmentStatus("production")])


def test_show_tells_the_run_again() -> None:
    out = io.StringIO()
    replay(good_deploy(), out)
    assert out.getvalue() == GOOD


def test_listing_imports_nothing_slow() -> None:
    code = (
        "import sys, hotfix_deploy_runner.views.listing; "
        "sys.exit(str({'asyncio', 'msgspec', 'rich', 'pydantic', 'httpx2'} & set(sys.modules) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stderr.strip() == ""


def test_what_a_run_has_left_says_how_it_is_gone_on_with() -> None:
    left = Holder("production", "suspended", run="r1", operator="ada", why="interrupted")
    dead = Holder("production", "held", run="r1", operator="ada", alive=False)
    for holder in (left, dead):
        lines = status_text([EnvironmentStatus("production", holder)]).splitlines()
        assert "  Next: hotfix-deploy-runner resume r1, or abort r1" in lines
    living = Holder("production", "held", run="r1", operator="ada")
    assert "Next:" not in status_text([EnvironmentStatus("production", living)])
