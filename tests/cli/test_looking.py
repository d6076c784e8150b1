"""The commands that only look: status, runs, show."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.fakes import events

from hotfix_deploy_runner.cli.main import main
from hotfix_deploy_runner.lock.local import LocalLocks


@pytest.fixture(autouse=True)
def there(with_a_run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(with_a_run)
    return with_a_run


def told(*arguments: str) -> str:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_status_names_the_holder_and_how_the_last_run_ended(there: Path) -> None:
    LocalLocks(there / ".git" / "hotfix" / "locks").acquire(("production",), "r9", "bob")
    text = told("status")
    assert "production: held, run r9 of bob, process " in text
    assert f"Last run: {events.RUN}," in text and "0 done: Hotfix v2.14.4 deployed successfully." in text


def test_runs_lists_them_newest_first_and_no_more_than_asked_for() -> None:
    head, row = told("runs", "--limit", "1").splitlines()
    assert head.startswith("RUN ") and row.startswith(f"{events.RUN} ")


@pytest.mark.parametrize("run", [(), (events.RUN,), (events.RUN[:5],)])
def test_show_tells_a_run_again(run: tuple[str, ...]) -> None:
    text = told("show", *run)
    assert text.startswith("Hotfix Deployment: hotfix/auth-bypass\n")
    assert text.endswith("Rollback command: rollback-deploy-auto --version v2.14.3\n")


def test_show_gives_the_events_as_lines_of_json() -> None:
    lines = [json.loads(line) for line in told("show", "--json").splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert {line["run"] for line in lines} == {events.RUN}


def test_a_run_that_is_not_there_is_an_error_of_usage() -> None:
    done = CliRunner().invoke(main, ["show", "nonsense"])
    assert done.exit_code == 2 and done.stdout == "" and "nonsense" in done.stderr
