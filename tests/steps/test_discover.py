from pathlib import Path
from typing import Any

import pytest
from tests.fakes.past import Past, digest
from tests.fakes.platform import FakePlatform, World
from tests.fakes.workshop import BRANCH, Workshop, go

from hotfix_deploy_runner.core.ending import ExitCode
from hotfix_deploy_runner.core.facts import Facts, Request
from hotfix_deploy_runner.core.fleet import State
from hotfix_deploy_runner.core.revision import UNKNOWN, Revision
from hotfix_deploy_runner.core.version import TagFormat
from hotfix_deploy_runner.errors import CheckFailed, PlatformFailed, UsageError
from hotfix_deploy_runner.steps.discover import Discovery

REST = Facts(old=UNKNOWN, old_from="", base="", commit="", version="", checks=("tests",), fence=7)


class Scene(Workshop):
    """A workshop with a staging of one instance and a production of three, all on v1.0.0, and a journal."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.old = Revision("v1.0.0", self.base, digest("v1.0.0"))
        self.worlds = {
            "staging": World.running(self.old, 1),
            "production": World.running(self.old),
        }
        self.past = Past(folder)

    def discovery(self, tags: str = "v{version}") -> Discovery:
        platforms: dict[tuple[str, str], Any] = {(e, "web"): FakePlatform(w) for e, w in self.worlds.items()}
        return Discovery(self.git, platforms, TagFormat(tags), self.past.store)

    def deploy(self, branch: str = BRANCH, target: str = "production", tags: str = "v{version}", **asked: Any) -> Facts:
        touched = ("staging",) if target == "staging" else ("staging", target)
        return go(self.discovery(tags).for_deploy(Request("deploy", target, branch, **asked), touched, REST))

    def rollback(
        self, version: str = "", target: str = "production", *, force: bool = False, first: bool = False
    ) -> Facts:
        request = Request("rollback", target, version=version, force=force or first, first=first)
        return go(self.discovery().for_rollback(request, REST))

    def production(self, *versions: str) -> None:
        """Production's instances run these, one each."""
        self.worlds["production"] = World(size=len(versions))
        for slot, version in zip(self.worlds["production"].slots, versions, strict=True):
            commit = self.local(f"refs/tags/{version}")
            self.worlds["production"].begin(slot, Revision(version, commit, digest(version)), State.READY)

    def tag(self, name: str, commit: str = "", *, where: str = "both") -> None:
        """A tag here, there (made by somebody else), or both."""
        if where == "there":
            other = self.another()
            self.repository.git("tag", "-a", "-m", "x", name, commit or self.base, cwd=other)
            self.repository.git("push", "--quiet", "origin", f"refs/tags/{name}", cwd=other)
            return
        self.repository.git("tag", "-a", "-m", "x", name, commit or self.base)
        if where == "both":
            self.repository.git("push", "--quiet", "origin", f"refs/tags/{name}")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_the_base_is_what_production_runs_and_the_commit_is_pinned(scene: Scene) -> None:
    facts = scene.deploy()
    assert (facts.old, facts.old_from, facts.base) == (scene.old, "tag", scene.base)
    assert facts.commit == scene.commit
    assert (facts.version, facts.candidate) == ("v1.0.1", "v1.0.1-rc.1")
    assert {place: found[0].fleet.size for place, found in facts.environments.items()} == {
        "staging": 1,
        "production": 3,
    }
    assert facts.remarks == ()
    assert (facts.checks, facts.fence) == (("tests",), 7), "what need not be looked for is kept"


def test_for_staging_alone_the_base_is_still_what_production_runs(scene: Scene) -> None:
    scene.worlds["staging"] = World.running(Revision("v0.9.0"), 1)
    facts = scene.deploy(target="staging")
    assert facts.old.version == "v1.0.0"
    assert list(facts.environments) == ["staging"]


def test_a_commit_that_the_platform_knows_needs_no_tag(scene: Scene) -> None:
    scene.worlds["production"] = World.running(Revision("v1.4.0", scene.base))
    facts = scene.deploy()
    assert (facts.base, facts.old_from, facts.version) == (scene.base, "commit", "v1.4.1")


def test_a_tag_says_the_commit_that_the_platform_does_not_know(scene: Scene) -> None:
    scene.worlds["production"] = World.running(Revision("v1.0.0"))
    facts = scene.deploy()
    assert (facts.base, facts.old_from) == (scene.base, "tag")


def test_without_commit_or_tag_there_is_no_base(scene: Scene) -> None:
    scene.worlds["production"] = World.running(Revision("v1.4.0"))
    with pytest.raises(CheckFailed, match=r"v1\.4\.0.*neither it nor a tag") as stopped:
        scene.deploy()
    assert stopped.value.next_step.endswith("--base COMMIT")


def test_what_runs_has_to_be_a_version(scene: Scene) -> None:
    scene.tag("nightly")
    scene.worlds["production"] = World.running(Revision("nightly"))
    with pytest.raises(CheckFailed, match="what production runs, nightly, is no version") as stopped:
        scene.deploy(target="staging")
    again = f"hotfix-deploy-runner --branch {BRANCH} --target staging --base {scene.base}"
    assert stopped.value.next_step == again


def test_several_versions_stop_it_with_a_way_out(scene: Scene) -> None:
    scene.production("v1.0.0", "v1.0.0", "v0.9.0")
    with pytest.raises(CheckFailed, match=r"several versions: v0\.9\.0, v1\.0\.0") as stopped:
        scene.deploy()
    assert "rollback-deploy-auto" in stopped.value.next_step


def test_nothing_that_runs_stops_it(scene: Scene) -> None:
    scene.worlds["production"] = World(size=3)
    with pytest.raises(
        CheckFailed, match=r"nothing runs on production yet: there is no version .* to go back to"
    ) as it:
        scene.deploy()
    assert it.value.next_step == "hotfix-deploy-runner first --version v1.0.0 --target production"


def test_instances_that_say_nothing_of_themselves_stop_it(scene: Scene) -> None:
    scene.worlds["production"] = World.running(UNKNOWN)
    with pytest.raises(CheckFailed, match="nothing on production says which version") as stopped:
        scene.deploy()
    assert stopped.value.next_step.endswith("--base COMMIT_OR_TAG")


def test_an_environment_that_is_not_configured_is_named_with_those_that_are(scene: Scene) -> None:
    with pytest.raises(UsageError, match="no environment canary") as refused:
        scene.deploy(target="canary")
    assert refused.value.detail == "configured: staging, production"


def test_a_platform_that_does_not_answer_is_not_taken_for_an_empty_one(scene: Scene) -> None:
    scene.worlds["production"].failures["fleet"] = [PlatformFailed("no answer")]
    with pytest.raises(PlatformFailed, match="no answer"):
        scene.deploy()


def test_a_branch_that_is_nowhere_is_a_failed_check(scene: Scene) -> None:
    with pytest.raises(CheckFailed, match="hotfix/none exists neither here nor on the remote"):
        scene.deploy("hotfix/none")


def test_the_command_for_a_branch_that_is_nowhere_is_safe_to_type(scene: Scene) -> None:
    with pytest.raises(CheckFailed) as caught:
        scene.deploy("hotfix/$(reboot)")
    assert caught.value.next_step.startswith("git push -u origin 'hotfix/$(reboot)'")


@pytest.mark.parametrize("name", ["--force", "a b", "a..b", "@{-1}", ""])
def test_what_is_no_branch_name_is_a_usage_error(scene: Scene, name: str) -> None:
    with pytest.raises(UsageError, match="no branch name"):
        scene.deploy(name)


def test_a_branch_that_only_the_remote_has_is_pinned_there(scene: Scene) -> None:
    scene.repository.git("branch", "-D", BRANCH)
    assert scene.deploy().commit == scene.commit


@pytest.mark.parametrize("where", ["here", "there"])
def test_a_version_that_was_ever_tagged_is_not_used_again(scene: Scene, where: str) -> None:
    scene.tag("v1.0.1", where=where)
    scene.tag("v1.0.3", where=where)
    assert scene.deploy().version == "v1.0.4"


def test_a_version_that_was_rolled_back_is_not_used_again_and_not_missed(scene: Scene) -> None:
    scene.tag("v1.0.1", scene.commit)
    scene.repository.git("push", "--quiet", "origin", f"{scene.commit}:refs/hotfix/rolled-back/v1.0.1")
    facts = scene.deploy()
    assert facts.version == "v1.0.2"
    assert facts.remarks == ()


def test_a_newer_tag_than_what_runs_is_remarked_upon(scene: Scene) -> None:
    scene.tag("v1.2.0")
    facts = scene.deploy()
    assert facts.version == "v1.0.1"
    assert facts.remarks == ("the newest version tag is v1.2.0; production runs v1.0.0, and the hotfix starts there",)


def test_candidates_are_counted_up_and_are_no_versions(scene: Scene) -> None:
    scene.tag("v1.0.1-rc.1")
    scene.tag("v1.0.1-rc.2", where="there")
    scene.tag("v1.0.2-rc.5")
    facts = scene.deploy()
    assert (facts.version, facts.candidate, facts.remarks) == ("v1.0.1", "v1.0.1-rc.3", ())


def test_tags_in_another_format_do_not_count(scene: Scene) -> None:
    for name in ("api/v1.0.0", "api/v1.0.1", "v1.0.9"):
        scene.tag(name)
    scene.worlds["production"] = World.running(Revision("api/v1.0.0"))
    facts = scene.deploy(tags="api/v{version}")
    assert (facts.version, facts.candidate) == ("api/v1.0.2", "api/v1.0.2-rc.1")


def test_a_tag_that_differs_from_the_remotes_is_remarked_upon_and_left(scene: Scene) -> None:
    scene.tag("v0.1.0", scene.commit, where="there")
    scene.tag("v0.1.0", scene.base, where="here")
    assert scene.deploy().remarks == ("the tag v0.1.0 is not the remote's; left as it is",)
    assert scene.local("refs/tags/v0.1.0") == scene.base


def test_a_rollback_goes_to_the_last_good_version(scene: Scene) -> None:
    scene.tag("v1.0.1", scene.commit)
    scene.past.run("v0.9.0", "v1.0.0")
    scene.past.run("v1.0.0", "v1.0.1")
    scene.production("v1.0.1", "v1.0.1")
    facts = scene.rollback()
    assert (facts.version, facts.commit, facts.artifact) == ("v1.0.0", scene.base, digest("v1.0.0"))
    assert (facts.old.version, facts.base, facts.old_from) == ("v1.0.1", scene.commit, "tag")
    assert list(facts.environments) == ["production"]


def test_without_a_good_version_one_has_to_be_named(scene: Scene) -> None:
    with pytest.raises(UsageError, match="no version is known to have been good") as refused:
        scene.rollback()
    assert "--force" in refused.value.next_step


def test_a_version_without_a_tag_is_a_usage_error(scene: Scene) -> None:
    scene.past.run("v0.9.0", "v1.0.0")
    with pytest.raises(UsageError, match=r"no tag v9\.9\.9") as refused:
        scene.rollback("v9.9.9", force=True)
    assert refused.value.detail == "known good: v1.0.0, v0.9.0"


def test_a_version_that_was_never_good_there_needs_force(scene: Scene) -> None:
    scene.tag("v0.9.0")
    with pytest.raises(UsageError, match="not known to have been good") as refused:
        scene.rollback("v0.9.0")
    assert refused.value.next_step == "rollback-deploy-auto --version v0.9.0 --target production --force"
    assert scene.rollback("v0.9.0", force=True).version == "v0.9.0"


def test_a_version_that_was_rolled_back_needs_force(scene: Scene) -> None:
    scene.tag("v1.0.1", scene.commit)
    scene.past.run("v1.0.0", "v1.0.1", ExitCode.ROLLED_BACK)
    with pytest.raises(UsageError, match="not known to have been good"):
        scene.rollback("v1.0.1")


def test_a_version_that_part_of_the_fleet_runs_needs_no_force(scene: Scene) -> None:
    """The rest gets the very artifact that is there, and what is replaced is the other version."""
    scene.tag("v1.0.1", scene.commit)
    scene.production("v1.0.0", "v1.0.0", "v1.0.1")
    facts = scene.rollback("v1.0.0")
    assert (facts.version, facts.artifact) == ("v1.0.0", digest("v1.0.0"))
    assert facts.old.version == "v1.0.1"


def test_a_half_done_rollback_is_gone_on_with(scene: Scene) -> None:
    """Nobody names the version; most instances have it back already."""
    scene.tag("v1.0.1", scene.commit)
    scene.past.run("v1.0.0", "v1.0.1")
    scene.past.run("v1.0.1", "v1.0.0", ExitCode.NEEDS_HUMAN, action="rollback")
    scene.production("v1.0.0", "v1.0.0", "v1.0.1")
    facts = scene.rollback()
    assert (facts.version, facts.old.version) == ("v1.0.0", "v1.0.1")


@pytest.mark.parametrize("first", [True, False])
def test_a_first_version_is_put_where_nothing_runs(scene: Scene, first: bool) -> None:
    scene.worlds["production"] = World(size=3)
    facts = scene.rollback("v1.0.0", force=True, first=first)
    assert (facts.version, facts.old, facts.base) == ("v1.0.0", UNKNOWN, "")


@pytest.mark.parametrize("version", ["", "v1.0.0"])
def test_a_rollback_where_nothing_runs_leads_to_the_first_deployment(scene: Scene, version: str) -> None:
    scene.worlds["production"] = World(size=3)
    with pytest.raises(UsageError) as refused:
        scene.rollback(version)
    assert refused.value.next_step == f"hotfix-deploy-runner first --version {version or 'TAG'} --target production"


@pytest.mark.parametrize("state", [State.READY, State.FAILED])
def test_where_something_runs_there_is_no_first_deployment(scene: Scene, state: State) -> None:
    scene.tag("v1.1.0")
    for instance in scene.worlds["production"].instances:
        scene.worlds["production"].change(instance.incarnation, state=state)
    with pytest.raises(UsageError, match=r"production runs v1\.0\.0 already: this is no first deployment") as refused:
        scene.rollback("v1.1.0", first=True)
    assert refused.value.detail.splitlines()[0] == "web/web-1 runs v1.0.0"
    assert refused.value.next_step.startswith("rollback-deploy-auto --version v1.1.0 --target production --force")


def test_a_first_deployment_that_broke_off_is_gone_on_with_but_not_made_twice(scene: Scene) -> None:
    scene.production("v1.0.0")
    assert scene.rollback("v1.0.0", first=True).version == "v1.0.0"
    scene.past.run("unknown", "v1.0.0", action="rollback")
    with pytest.raises(UsageError, match="no first deployment"):
        scene.rollback("v1.0.0", first=True)


def test_without_any_tag_the_first_one_is_made_first(scene: Scene) -> None:
    scene.worlds["production"] = World(size=3)
    scene.repository.git("push", "--quiet", "origin", ":refs/tags/v1.0.0")
    scene.repository.git("tag", "-d", "v1.0.0")
    with pytest.raises(CheckFailed, match="nothing runs on production yet") as stopped:
        scene.deploy()
    make, _, then = stopped.value.next_step.partition("; then ")
    assert make == "git tag -a v0.1.0 COMMIT && git push origin v0.1.0"
    assert then == "hotfix-deploy-runner first --version v0.1.0 --target production"
    with pytest.raises(UsageError, match=r"no tag v0\.1\.0") as refused:
        scene.rollback("v0.1.0", first=True)
    assert refused.value.next_step.endswith(make)


def test_a_rollback_does_not_wait_for_the_remote(scene: Scene) -> None:
    scene.past.run("v1.0.0", "v1.0.1")
    scene.unreachable()
    scene.production("v1.0.1", "v1.0.1")
    assert scene.rollback("v1.0.0").commit == scene.base
