"""A base that only the operator knows: what it is held to, what comes after it, and how it is found again."""

from pathlib import Path

import pytest
from tests.fakes.past import digest
from tests.fakes.platform import FakePlatform, World
from tests.fakes.web import reply, serving
from tests.fakes.workshop import BRANCH, go
from tests.steps.test_discover import REST, Scene

from hotfix_deploy_runner.core.ending import Ending
from hotfix_deploy_runner.core.events import RunEnded, RunStarted
from hotfix_deploy_runner.core.facts import Facts, Request
from hotfix_deploy_runner.core.policy import Policy
from hotfix_deploy_runner.core.revision import UNKNOWN, Revision
from hotfix_deploy_runner.core.version import TagFormat
from hotfix_deploy_runner.doors.http import Http
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import CheckFailed, UsageError
from hotfix_deploy_runner.platforms.version_url import VersionAsked
from hotfix_deploy_runner.steps.discover import Discovery


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.mark.parametrize("runs", ["nightly", "unknown", "3f2a1b", "2026.04.12"])
def test_what_no_tag_explains_starts_at_the_named_commit_and_gets_a_tag(scene: Scene, runs: str) -> None:
    scene.worlds["production"] = World.running(Revision(runs))
    facts = scene.deploy(base=scene.base[:10])
    assert (facts.old.version, facts.old_from, facts.base) == (runs, "base", scene.base)
    assert (facts.version, facts.candidate, facts.before) == ("v1.0.1", "v1.0.1-rc.1", "before/v1.0.1")
    assert facts.way_back == "before/v1.0.1"


def test_where_production_is_not_touched_nothing_is_tagged(scene: Scene) -> None:
    scene.worlds["production"] = World.running(Revision("nightly"))
    facts = scene.deploy(base=scene.base, target="staging")
    assert (facts.base, facts.old_from, facts.before) == (scene.base, "base", "")


def test_a_tag_names_it_too_also_one_in_another_format(scene: Scene) -> None:
    scene.tag("nightly")
    scene.worlds["production"] = World.running(Revision("nightly", "", digest("nightly")))
    facts = scene.deploy(base="nightly")
    assert (facts.base, facts.old_from, facts.old.artifact) == (scene.base, "base", digest("nightly"))


def test_the_version_follows_the_newest_that_the_base_holds(scene: Scene) -> None:
    """Not the newest of all, not a candidate, and not one that has been used already."""
    scene.tag("v1.1.0-rc.1")
    scene.tag("v1.0.1", scene.commit)
    scene.tag("v2.0.0", scene.commit, where="there")
    scene.worlds["production"] = World.running(Revision(scene.base[:8]))
    assert scene.deploy(base=scene.base).version == "v1.0.2"


def test_a_version_without_a_tag_is_followed_itself(scene: Scene) -> None:
    scene.worlds["production"] = World.running(Revision("v1.4.0"))
    facts = scene.deploy(base=scene.base)
    assert (facts.version, facts.old_from, facts.before) == ("v1.4.1", "base", "before/v1.4.1")


def test_what_its_own_tag_explains_needs_no_other(scene: Scene) -> None:
    facts = scene.deploy(base=scene.base)
    assert (facts.old_from, facts.before, facts.way_back) == ("tag", "", "v1.0.0")


@pytest.mark.parametrize("runs", ["{base}", "{base:.8}", "v1.0.0", "nightly"])
def test_what_runs_is_not_talked_over(scene: Scene, runs: str) -> None:
    """The platform says a commit, by its mark or by a name that is one: both are shown."""
    known = "" if runs != "nightly" else scene.base
    scene.worlds["production"] = World.running(Revision(runs.format(base=scene.base), known))
    with pytest.raises(CheckFailed, match="--base is not what production runs") as stopped:
        scene.deploy(base=scene.commit)
    assert scene.commit in stopped.value.detail and scene.base in stopped.value.detail
    assert stopped.value.next_step.endswith(f"--base {scene.base}")


def test_a_version_that_is_a_commit_leads_to_the_command(scene: Scene) -> None:
    scene.worlds["production"] = World.running(Revision(scene.base[:8]))
    with pytest.raises(CheckFailed, match="is no version in the tag format") as stopped:
        scene.deploy()
    assert stopped.value.next_step == f"hotfix-deploy-runner --branch {BRANCH} --target production --base {scene.base}"


def test_a_base_that_is_nowhere_is_a_usage_error(scene: Scene) -> None:
    with pytest.raises(UsageError, match="there is no commit or tag nonsense here"):
        scene.deploy(base="nonsense")


def test_without_any_version_before_it_the_first_tag_is_asked_for(scene: Scene) -> None:
    scene.repository.git("push", "--quiet", "origin", ":refs/tags/v1.0.0")
    scene.repository.git("tag", "-d", "v1.0.0")
    scene.worlds["production"] = World.running(Revision("nightly"))
    with pytest.raises(CheckFailed, match="no version in the tag format") as stopped:
        scene.deploy(base=scene.base)
    assert stopped.value.next_step.startswith(f"git tag -a v0.1.0 {scene.base} && git push origin v0.1.0")


def deployed(scene: Scene, old: Revision) -> None:
    """A hotfix v1.0.1 went live where `old` ran, which the operator had named."""
    request = Request("deploy", "production", BRANCH, base=scene.base)
    facts = Facts(old, "base", scene.base, scene.commit, "v1.0.1", before="before/v1.0.1")
    begun = RunStarted(at=1.0, run="r1", request=request, policy=Policy(), facts=facts, steps=())
    scene.past.store.append("r1", 0, [begun, RunEnded(at=2.0, ending=Ending(0, "Done.", ""))])
    scene.tag("v1.0.1", scene.commit)
    scene.production("v1.0.1", "v1.0.1")


@pytest.mark.parametrize("version", ["before/v1.0.1", "nightly", ""])
def test_what_ran_before_is_brought_back_as_it_was_by_either_name(scene: Scene, version: str) -> None:
    deployed(scene, Revision("nightly", "", digest("nightly")))
    facts = scene.rollback(version)
    assert (facts.version, facts.commit, facts.artifact) == ("nightly", scene.base, digest("nightly"))
    assert facts.old.version == "v1.0.1"


def test_what_had_no_name_comes_back_under_its_tag(scene: Scene) -> None:
    deployed(scene, UNKNOWN)
    facts = scene.rollback("before/v1.0.1")
    assert (facts.version, facts.commit, facts.artifact) == ("before/v1.0.1", scene.base, "")


def test_a_tag_of_what_ran_elsewhere_is_a_tag_like_any(scene: Scene) -> None:
    """No run here knows it: it is not known to have been good."""
    scene.tag("before/v1.0.1")
    scene.production("v1.0.0")
    with pytest.raises(UsageError, match="not known to have been good"):
        scene.rollback("before/v1.0.1")
    facts = scene.rollback("before/v1.0.1", force=True)
    assert (facts.version, facts.commit) == ("before/v1.0.1", scene.base)


def test_a_version_that_only_the_instances_know_is_a_base_like_any(scene: Scene) -> None:
    with serving(lambda request: reply(request, "v1.0.0")) as url:
        world = scene.worlds["production"] = World.running(UNKNOWN)
        for instance in world.instances:
            world.change(instance.incarnation, endpoint=url)
        asked = VersionAsked(FakePlatform(world), "/version", Http(Redactor()))
        discovery = Discovery(scene.git, {("production", "web"): asked}, TagFormat(), scene.past.store)
        facts = go(discovery.for_deploy(Request("deploy", "production", BRANCH), ("production",), REST))
    assert (facts.old, facts.old_from, facts.base) == (Revision("v1.0.0"), "tag", scene.base)
