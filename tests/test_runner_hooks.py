"""Hooks in a real loop: the way back does not wait for them, and the run does not end before them."""

import asyncio
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from tests.fakes.lab import NEW, OLD, POLICY, Lab, Traffic
from tests.test_runner import ended, only, started, until

from hotfix_deploy_runner.core.ending import ExitCode
from hotfix_deploy_runner.core.hooks import Hook
from hotfix_deploy_runner.core.run import fold
from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.steps.hooks import Hooks
from hotfix_deploy_runner.steps.preflight import Trees

ALL: tuple[Hook, ...] = get_args(Hook)


def lab(folder: Path, traffic: Traffic | None = None, timeout: float = 10.0, **commands: str) -> Lab:
    """A lab whose hooks are these commands, and for the others `true`."""
    given: dict[Hook, str] = {name: commands.get(name, "true") for name in ALL}
    hooks = Hooks(Commands(Redactor(), grace=0.2), given, timeout, Trees(folder / "trees", folder / "runs"), folder)
    policy = msgspec.structs.replace(POLICY, hooks=ALL)
    return Lab(folder, traffic=traffic or Traffic(), policy=policy, performers={"hook": hooks.hook})


def test_those_of_the_rollout_have_their_places(tmp_path: Path) -> None:
    it = lab(tmp_path)
    assert (it.run().code, only(it, NEW.version)) == (ExitCode.DONE, True)
    first = it.index(started("batch:production/web:1"))
    assert it.index(ended("prepare")) < it.index(started("hook:before_rollout"))
    assert it.index(ended("hook:before_rollout")) < first
    assert it.index(ended("gate:production/web:3")) < it.index(started("hook:after_rollout"))
    assert it.index(started("hook:after_rollout")) < it.index(ended("validate"))


def test_one_that_fails_before_the_rollout_leaves_production_untouched(tmp_path: Path) -> None:
    it = lab(tmp_path, before_rollout="exit 1")
    ending = it.run()
    assert (ending.code, ending.production) == (ExitCode.STOPPED, "Production is untouched: v2.14.3.")
    assert not any(call[0] == "shift" for call in it.world.calls)


def test_the_way_back_does_not_wait_for_one_that_hangs_but_the_end_does(tmp_path: Path) -> None:
    hangs = f"touch {tmp_path}/begun; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; exit 7"
    it = lab(tmp_path, Traffic({NEW.version: 0.5}), before_rollback=hangs, after_rollback="exit 1")

    async def during(lab: Lab) -> None:
        await until(lambda: any(ended("mark")(event) for event in lab.events))
        assert only(lab, OLD.version)
        assert not any(started("document")(event) for event in lab.events), "the end waits"
        (tmp_path / "go").touch()

    ending = it.run(during=during)
    assert (ending.code, only(it, OLD.version)) == (ExitCode.ROLLED_BACK, True)
    steps = fold(it.events).steps
    assert [steps[f"hook:{name}"].lines[0].text for name in ("before_rollback", "after_rollback")] == [
        "Hook before_rollback ended with 7",
        "Hook after_rollback ended with 1",
    ]
    assert it.index(ended("hook:before_rollback")) < it.index(started("hook:after_rollback"))


def test_one_that_is_at_work_beside_the_watch_is_not_stopped_by_a_breach_and_holds_nothing_up(tmp_path: Path) -> None:
    hangs = f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done"
    it = lab(tmp_path, after_rollout=hangs)

    async def during(lab: Lab) -> None:
        await until(lambda: any(started("hook:after_rollout")(event) for event in lab.events))
        lab.traffic.error_rates[NEW.version] = 0.6
        await until(lambda: any(ended("restore:production/web")(event) for event in lab.events))
        (tmp_path / "go").touch()
        await asyncio.sleep(0)

    assert it.run(during=during).code == ExitCode.ROLLED_BACK
    done = fold(it.events).steps["hook:after_rollout"]
    assert done.passed and done.lines[0].text == "Hook after_rollout done"


@pytest.mark.parametrize("command", ["true", "exit 1", "sleep 30"])
def test_an_asked_rollback_has_its_two_whatever_comes_of_them(tmp_path: Path, command: str) -> None:
    it = lab(tmp_path, timeout=0.3, before_rollback=command, after_rollback=command)
    assert (it.run("rollback").code, only(it, NEW.version)) == (ExitCode.DONE, True)
    assert it.index(ended("turn:production/web")) < it.index(started("hook:after_rollback"))
    assert all(fold(it.events).steps[f"hook:{name}"].passed for name in ("before_rollback", "after_rollback"))
