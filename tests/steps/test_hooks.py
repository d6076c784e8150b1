"""A hook, really run: what it is told, where, and what its ending means."""

from pathlib import Path

import pytest
from tests.fakes.workshop import Workshop, go, step, texts

from hotfix_deploy_runner.core.hooks import Hook
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.step import Ended
from hotfix_deploy_runner.steps.hooks import Hooks
from hotfix_deploy_runner.steps.work import Outcome


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def hook(shop: Workshop, name: Hook, command: str | None, timeout: float = 10.0) -> Outcome:
    run = shop.run(old=Revision("v1.0.0"))
    commands = {} if command is None else {name: command}
    hooks = Hooks(shop.commands, commands, timeout, shop.trees, shop.repository.clone)
    return go(hooks.hook(step("hook", hook=name, environment="production"), run, shop.work))


def test_it_is_told_what_for_and_its_log_is_kept(shop: Workshop) -> None:
    names = ("HOOK", "VERSION", "OLD_VERSION", "TARGET", "COMMIT", "RUN")
    command = f"echo {' '.join(f'$HOTFIX_{name}' for name in names)}"
    assert texts(hook(shop, "before_rollout", command)) == ["[OK] Hook before_rollout done"]
    log = shop.trees.logs(shop.run()) / "hook-before_rollout.log"
    assert log.read_text().split() == ["before_rollout", "v1.0.1", "v1.0.0", "production", shop.commit, "run-1"]


def test_it_works_in_the_runs_tree_or_without_one_in_the_repositorys_top(shop: Workshop) -> None:
    log = shop.trees.logs(shop.run()) / "hook-after_rollback.log"
    hook(shop, "after_rollback", "pwd -P")
    assert log.read_text().split() == [str(shop.repository.clone.resolve())]
    shop.trees.tree(shop.run()).mkdir(parents=True)
    hook(shop, "after_rollback", "pwd -P")
    assert log.read_text().split()[-1] == str(shop.trees.tree(shop.run()).resolve())


@pytest.mark.parametrize(
    ("command", "how"),
    [("echo no; exit 3", "ended with 3"), ("sleep 30", "did not end within"), (None, "is no longer in the settings")],
)
@pytest.mark.parametrize("name", ["before_rollout", "after_rollout", "before_rollback", "after_rollback"])
def test_only_before_the_rollout_a_failure_is_one(shop: Workshop, name: Hook, command: str | None, how: str) -> None:
    outcome = hook(shop, name, command, timeout=0.3)
    stops = name == "before_rollout"
    assert outcome.ended is (Ended.FAILED if stops else Ended.PASSED)
    assert [line.status for line in outcome.lines] == ["FAIL" if stops else "WARN"]
    assert f"Hook {name} {how}" in outcome.lines[0].text
    assert command != "echo no; exit 3" or outcome.lines[0].detail[0] == "no"


def test_a_log_that_cannot_be_written_is_no_more_than_a_failure(shop: Workshop) -> None:
    logs = shop.trees.logs(shop.run())
    logs.parent.mkdir(parents=True)
    logs.write_text("in the way")
    assert texts(hook(shop, "after_rollback", "true"))[0].startswith("[WARN] Hook after_rollback: cannot write the log")
