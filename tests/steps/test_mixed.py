"""Production that runs several versions: what it starts from, and what it is brought back to."""

from pathlib import Path

import msgspec
import pytest
from tests.fakes.lab import NEW, OLD
from tests.fakes.platform import FakePlatform, World
from tests.fakes.target import Target
from tests.fakes.workshop import go, texts
from tests.steps.test_discover import Scene

from hotfix_deploy_runner.core.facts import Found
from hotfix_deploy_runner.core.fleet import Fleet, State
from hotfix_deploy_runner.core.revision import UNKNOWN, Revision
from hotfix_deploy_runner.core.version import TagFormat
from hotfix_deploy_runner.errors import CheckFailed
from hotfix_deploy_runner.steps.as_found import most_run
from hotfix_deploy_runner.steps.rollout import Rollout
from hotfix_deploy_runner.steps.way_back import WayBack
from hotfix_deploy_runner.steps.work import move_of

OLDER = Revision("v2.14.2", "9" * 40, "sha256:older")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_without_consent_it_stops_with_a_list_of_who_runs_what(scene: Scene) -> None:
    scene.tag("v0.9.0")
    scene.production("v1.0.0", "v0.9.0", "v1.0.0")
    with pytest.raises(CheckFailed) as stopped:
        scene.deploy()
    assert stopped.value.exit_code == 3
    assert stopped.value.detail.splitlines() == [
        "web/web-1 runs v1.0.0",
        "web/web-2 runs v0.9.0",
        "web/web-3 runs v1.0.0",
    ]
    one = "rollback-deploy-auto --version v1.0.0 --target production"
    assert stopped.value.next_step == f"bring it to one: {one}; or the same command with --accept-mixed"


def test_with_consent_the_base_is_what_most_run(scene: Scene) -> None:
    scene.tag("v0.9.0", scene.commit)
    scene.production("v0.9.0", "v1.0.0", "v1.0.0")
    facts = scene.deploy(accept_mixed=True)
    assert (facts.old.version, facts.base, facts.old_from, facts.version) == ("v1.0.0", scene.base, "tag", "v1.0.1")
    assert facts.mixed == facts.running == "v1.0.0 on 2, v0.9.0 on 1"
    assert "production runs v1.0.0 on 2, v0.9.0 on 1; a way back brings all of it to v1.0.0" in facts.remarks


def test_for_staging_alone_production_is_looked_at_the_same_way(scene: Scene) -> None:
    scene.tag("v0.9.0")
    scene.production("v0.9.0", "v1.0.0", "v1.0.0")
    with pytest.raises(CheckFailed, match="production runs several versions"):
        scene.deploy(target="staging")
    assert scene.deploy(target="staging", accept_mixed=True).mixed == "v1.0.0 on 2, v0.9.0 on 1"


@pytest.mark.parametrize(
    ("versions", "most"),
    [
        (["v1.9.0", "v1.10.0"], "v1.10.0"),
        (["v1.10.0", "v1.9.0", "v1.9.0"], "v1.9.0"),
        (["nightly", "v0.0.0"], "v0.0.0"),
        (["unknown", "nightly", "nightly"], "nightly"),
    ],
)
def test_of_as_many_the_newest_version_is_the_base(versions: list[str], most: str) -> None:
    worlds = [World.running(Revision(version), 1) for version in versions]
    found = [Found(str(n), "process", _fleet(world)) for n, world in enumerate(worlds)]
    assert most_run(found, TagFormat()).version == most


def test_of_one_version_the_artifact_that_most_run_is_meant() -> None:
    rare, common = Revision("v1.0.0", "", "sha256:a"), Revision("v1.0.0", "", "sha256:b")
    found = [Found("web", "process", _fleet(World.running(r, 1))) for r in (rare, common, common)]
    assert most_run(found, TagFormat()) == common


def _fleet(world: World) -> Fleet:
    return go(FakePlatform(world).fleet())


def mixed_target() -> Target:
    """web-1 and web-2 run OLD, web-3 an older one."""
    target = Target()
    target.world.change(target.world.instances[2].incarnation, revision=OLDER)
    target.run = target.began()
    return target


def test_it_is_recorded_as_it_is_and_rolled_out_over_all() -> None:
    target = mixed_target()
    rollout = Rollout(target.platforms)
    seen = target.perform(rollout.record, "record")
    assert seen.found["running"] == {"web": {"web-1": "v2.14.3", "web-2": "v2.14.3", "web-3": "v2.14.2"}}
    target.perform(rollout.prepare, "prepare")
    target.perform(rollout.batch, "batch:production/web:1")
    assert target.versions() == [NEW.version, OLD.version, OLDER.version], "nobody else is touched"


def test_what_was_mixed_from_the_start_is_not_wholly_old_and_is_brought_to_one() -> None:
    target = mixed_target()
    back = WayBack(target.platforms)
    assert target.perform(back.observe, "observe").found == {"web": False}
    outcome = target.perform(back.restore, "restore:production/web")
    assert target.versions() == [OLD.version] * 3
    assert texts(outcome) == ["[OK] v2.14.3 verified everywhere (3 processes healthy)"]


def test_a_mixed_start_that_changes_is_a_change() -> None:
    target = mixed_target()
    target.world.change(target.world.instances[2].incarnation, revision=OLD)
    with pytest.raises(CheckFailed, match="has changed since this run began"):
        target.perform(Rollout(target.platforms).prepare, "prepare")


def test_the_way_back_to_what_says_nothing_of_itself_ends_nobody() -> None:
    """A platform takes an unknown old revision for "nothing ran"."""
    target = Target()
    facts = msgspec.structs.replace(target.run.facts, old=UNKNOWN, before="before/v2.14.4")
    target.run = msgspec.structs.replace(target.run, facts=facts)
    assert move_of(target.run).old == Revision("before/v2.14.4", facts.base)
    target.perform(Rollout(target.platforms).batch, "batch:production/web:1")
    target.perform(WayBack(target.platforms).restore, "restore:production/web")
    assert [i.state for i in target.world.instances] == [State.READY] * 3
