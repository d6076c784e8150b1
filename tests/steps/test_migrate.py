from pathlib import Path

import pytest
from tests.fakes.workshop import Workshop, after, go, step, texts

from hotfix_deploy_runner.core.run import Run
from hotfix_deploy_runner.core.step import Ended
from hotfix_deploy_runner.steps.migrate import Migrate


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.fixture
def run(shop: Workshop) -> Run:
    started = shop.run(checks=("migrations",))
    shop.trees.tree(started).mkdir(parents=True)
    found = after(started, "check:migrations", migrations=["db/1.sql"])
    return after(found, "install", environment="/some/where")


def migrate(shop: Workshop, command: str, timeout: float = 10.0) -> Migrate:
    return Migrate(shop.commands, {"staging": "touch staged"}, command, timeout, shop.trees)


def test_the_command_runs_once_in_the_tree_and_is_told_what_for(shop: Workshop, run: Run) -> None:
    command = 'echo "$HOTFIX_VERSION $HOTFIX_ENV $HOTFIX_TARGET" >> ran'
    outcome = go(migrate(shop, command).migrate(step("migrate", environment="production"), run, shop.work))
    assert (shop.trees.tree(run) / "ran").read_text() == f"{run.facts.version} /some/where production\n"
    assert texts(outcome) == ["[OK] Database of production migrated (1 migration)"]


def test_staging_has_a_command_of_its_own(shop: Workshop, run: Run) -> None:
    go(migrate(shop, "touch ran").migrate(step("migrate", environment="staging"), run, shop.work))
    assert {path.name for path in shop.trees.tree(run).iterdir()} == {"staged"}


def test_without_migrations_nothing_is_run_and_nothing_said(shop: Workshop) -> None:
    run = after(shop.run(checks=("migrations",)), "check:migrations", migrations=[])
    outcome = go(migrate(shop, "exit 1").migrate(step("migrate", environment="production"), run, shop.work))
    assert (outcome.ended, outcome.lines) == (Ended.PASSED, ())


@pytest.mark.parametrize(("command", "how"), [("echo locked; exit 3", "ended with 3"), ("sleep 60", "did not end")])
def test_a_failure_says_that_it_may_be_half_applied(shop: Workshop, run: Run, command: str, how: str) -> None:
    asked = migrate(shop, command, timeout=0.5).migrate(step("migrate", environment="production"), run, shop.work)
    outcome = go(asked)
    assert outcome.ended is Ended.FAILED
    assert f"[FAIL] Migration of production {how}" in texts(outcome)[0]
    assert any("may be half applied" in line for line in outcome.lines[0].detail)
