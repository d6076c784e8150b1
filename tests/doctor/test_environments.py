import asyncio
from pathlib import Path

import msgspec
import pytest
from tests.fakes.lab import NEW, OLD
from tests.fakes.platform import FakePlatform, World
from tests.fakes.repository import make_repository

from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.core.fleet import State
from hotfix_deploy_runner.core.revision import UNKNOWN, Revision
from hotfix_deploy_runner.doctor.environments import EnvironmentsExamination
from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.git.inspection import Inspection
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import PlatformFailed


@pytest.fixture
def git(tmp_path: Path) -> Inspection:
    return Inspection(make_repository(tmp_path).clone, Commands(Redactor()))


def examined(git: Inspection, **worlds: World) -> list[Line]:
    platforms = {(environment, "web"): FakePlatform(world) for environment, world in worlds.items()}
    return asyncio.run(EnvironmentsExamination(platforms, ["staging", "production"], git).lines())


def production(git: Inspection, world: World) -> Line:
    return examined(git, staging=World.running(OLD, 1), production=world)[-1]


def test_what_runs_is_told(git: Inspection) -> None:
    lines = examined(git, staging=World.running(OLD, 1), production=World.running(OLD))
    assert [line.status for line in lines] == [Status.OK, Status.OK]
    assert lines[1].text.startswith("production.web: 3 ") and lines[1].text.endswith(f" on {OLD.version}")


def test_what_is_not_configured_is_told(git: Inspection) -> None:
    [line, _] = examined(git, production=World.running(OLD))
    assert (line.status, line.text) == (Status.FAIL, "There is no environment staging")
    assert "[environments.staging.NAME]" in line.detail[0]


def test_mixed_versions(git: Inspection) -> None:
    world = World.running(OLD)
    world.instances[0] = msgspec.structs.replace(world.instances[0], revision=NEW)
    line = production(git, world)
    assert line.status is Status.FAIL
    assert OLD.version in line.text and NEW.version in line.text
    assert "rollback-deploy-auto --version TAG --target production" in line.detail[0]


def test_nothing_runs(git: Inspection) -> None:
    line = production(git, World(size=0))
    assert (line.status, line.text) == (Status.FAIL, "production.web: nothing runs yet")
    assert line.detail[0] == "hotfix-deploy-runner first --version TAG --target production"


def test_on_staging_it_stops_nobody(git: Inspection) -> None:
    line = examined(git, staging=World(size=0), production=World.running(OLD))[0]
    assert line.status is Status.WARN


def test_a_version_that_is_not_told(git: Inspection) -> None:
    assert "does not say which version" in production(git, World.running(UNKNOWN)).text


@pytest.mark.parametrize(("version", "status"), [("v1.0.0", Status.OK), ("v9.9.9", Status.FAIL)])
def test_a_version_without_a_commit_needs_its_tag(git: Inspection, version: str, status: Status) -> None:
    assert production(git, World.running(Revision(version))).status is status


def test_an_instance_that_is_not_ready(git: Inspection) -> None:
    world = World.running(OLD)
    world.instances[1] = msgspec.structs.replace(world.instances[1], state=State.FAILED, why="it exited with 3")
    line = production(git, world)
    assert line.status is Status.WARN
    assert line.text.endswith(", 1 not ready") and line.detail == ("web-2 is failed: it exited with 3",)


def test_a_platform_that_does_not_answer(git: Inspection) -> None:
    world = World.running(OLD)
    world.failures["fleet"] = [PlatformFailed("no route to the cluster", next_step="kubectl get nodes")]
    line = production(git, world)
    assert (line.status, line.text) == (Status.FAIL, "production.web does not answer: no route to the cluster")
    assert line.detail == ("kubectl get nodes",)
