"""Whole runs with a database migration in them, on the fake platform: what goes back and what is held."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.fakes.lab import OLD, POLICY, Lab, Traffic, easy

from hotfix_deploy_runner.core.events import CourseChanged, RunStarted, StepStarted
from hotfix_deploy_runner.core.plan import plan
from hotfix_deploy_runner.core.run import Run
from hotfix_deploy_runner.core.step import Course, Step
from hotfix_deploy_runner.errors import PlatformFailed
from hotfix_deploy_runner.steps.work import Outcome, Work, failed

BAD = Traffic({"v2.14.4": 0.5})
MIGRATING = msgspec.structs.replace(POLICY, migrates=("target",))
DROPS: dict[str, Any] = {"migrations": ["db/1.sql"], "irreversible": {"db/1.sql": ["drops a column"]}}
ADDS: dict[str, Any] = {"migrations": ["db/1.sql"], "irreversible": {}}


class MigratingLab(Lab):
    """With the check `migrations` in its plan."""

    async def _started(self, action: str) -> RunStarted:
        started = await super()._started(action)
        facts = msgspec.structs.replace(started.facts, checks=("branch", "migrations"))
        return msgspec.structs.replace(started, facts=facts, steps=plan(started.request, self.policy, facts))


def lab(folder: Path, found: dict[str, Any], traffic: Traffic, *, migrate: bool = True) -> MigratingLab:
    async def check(step: Step, run: Run, work: Work) -> Outcome:
        return Outcome(found=found)

    made = MigratingLab(folder, traffic=traffic, policy=MIGRATING if migrate else POLICY)
    made.performers = {"check": check, "migrate": easy}
    return made


def started(made: Lab) -> list[str]:
    return [event.step for event in made.events if isinstance(event, StepStarted)]


def test_they_run_once_after_the_tag_and_before_the_first_batch(tmp_path: Path) -> None:
    made = lab(tmp_path, DROPS, Traffic())
    assert made.run().code == 0
    steps = started(made)
    assert steps.count("migrate") == 1
    assert steps.index("tag") < steps.index("prepare") < steps.index("migrate") < steps.index("batch:production/web:1")


@pytest.mark.parametrize("migrate", [True, False])
def test_a_breach_with_an_irreversible_one_in_is_held(tmp_path: Path, migrate: bool) -> None:
    """Also when it is the application that runs it."""
    made = lab(tmp_path, DROPS, BAD, migrate=migrate)
    ending = made.run()
    assert ending.code in (5, 6)
    assert "not rolled back, as a migration that cannot be taken back is in: db/1.sql" in ending.summary
    assert ending.next_step == "rollback-deploy-auto --version v2.14.3"
    turns = [event.course for event in made.events if isinstance(event, CourseChanged)]
    assert turns == [Course.FINISH]
    assert not any(step.startswith("restore:") for step in started(made))


def test_a_breach_with_one_that_only_adds_rolls_back(tmp_path: Path) -> None:
    made = lab(tmp_path, ADDS, BAD)
    ending = made.run()
    assert ending.code == 4
    assert ending.production.endswith("The migrations stay in its database.")
    assert any("old version meets a migrated database" in repr(event) for event in made.events)


def test_a_batch_that_fails_with_an_irreversible_one_in_is_held(tmp_path: Path) -> None:
    async def batch(step: Step, run: Run, work: Work) -> Outcome:
        raise PlatformFailed("no instance became healthy")

    made = lab(tmp_path, DROPS, Traffic())
    made.performers["batch"] = batch
    ending = made.run()
    assert ending.code == 5
    assert ending.summary.startswith("Hotfix v2.14.4 is held: no instance became healthy; not rolled back")


def test_a_migration_that_fails_stops_before_the_rollout_and_says_so(tmp_path: Path) -> None:
    async def migrate(step: Step, run: Run, work: Work) -> Outcome:
        return failed("Migration of production ended with 3")

    made = lab(tmp_path, ADDS, Traffic())
    made.performers["migrate"] = migrate
    ending = made.run()
    assert ending.code == 3
    assert ending.production == "Production still runs v2.14.3, but the migration may be half applied."
    assert not any(step.startswith("batch:") for step in started(made))


def test_without_migrations_nothing_is_different(tmp_path: Path) -> None:
    made = lab(tmp_path, {"migrations": []}, BAD)
    ending = made.run()
    assert (ending.code, ending.production) == (4, f"Production runs {OLD.version} again, verified everywhere.")
