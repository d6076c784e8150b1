from pathlib import Path

import msgspec
import pytest
from tests.fakes.workshop import Workshop, go, step, texts

from hotfix_deploy_runner.artifacts.archive import make_builder
from hotfix_deploy_runner.core.progress import Progress
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.run import Run
from hotfix_deploy_runner.core.step import Ended
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import CheckFailed
from hotfix_deploy_runner.ports import Workplace
from hotfix_deploy_runner.steps.build import Build
from hotfix_deploy_runner.steps.work import Outcome


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def builds(shop: Workshop) -> Build:
    """The real builder, into the real store."""
    builder = make_builder({}, Workplace(shop.repository.clone, shop.folder, Redactor()))
    return Build(shop.git, builder, shop.trees, shop.folder / "artifacts")


def build(shop: Workshop, run: Run | None = None) -> Outcome:
    run = run or shop.run()
    go(shop.git.add_worktree(shop.trees.pristine(run), run.facts.commit))
    return go(builds(shop).build(step("build"), run, shop.work))


def back(shop: Workshop, artifact: str = "") -> Run:
    return shop.run("rollback", version="v1.0.0", commit=shop.base, old=Revision("v1.0.1"), artifact=artifact)


def find(shop: Workshop, artifact: str = "") -> Outcome:
    return go(builds(shop).artifact(step("artifact"), back(shop, artifact), shop.work))


def test_the_artifact_is_of_the_pinned_commit_and_lies_in_the_store(shop: Workshop) -> None:
    outcome = build(shop)
    digest = outcome.found["artifact"]
    assert texts(outcome)[0].startswith(f"[OK] Built from {shop.commit[:7]} ({digest[:19]}")
    stored = shop.folder / "artifacts" / f"{digest.removeprefix('sha256:')}.tar.gz"
    assert stored.stat().st_size == outcome.found["size"]
    assert outcome.found["location"] == str(stored)


def test_what_the_checks_left_in_their_tree_is_not_in_it(shop: Workshop) -> None:
    run = shop.run()
    clean = build(shop, run).found["artifact"]
    go(shop.git.add_worktree(shop.trees.tree(run), run.facts.commit))
    (shop.trees.tree(run) / "left-by-a-test").write_text("x")
    assert build(shop, run).found["artifact"] == clean


def test_a_rollback_takes_the_very_bytes_that_ran(shop: Workshop) -> None:
    digest = build(shop, back(shop)).found["artifact"]
    assert find(shop, digest) == Outcome(found={"artifact": digest})


def test_bytes_that_nobody_knows_are_built_from_the_tag(shop: Workshop) -> None:
    outcome = find(shop)
    assert texts(outcome) == [f"[OK] Built v1.0.0 from its tag ({outcome.found['artifact'][:19]})"]


def test_bytes_that_are_lost_but_come_out_the_same_are_no_matter(shop: Workshop) -> None:
    digest = build(shop, back(shop)).found["artifact"]
    (shop.folder / "artifacts" / f"{digest.removeprefix('sha256:')}.tar.gz").unlink()
    outcome = find(shop, digest)
    assert outcome.found["artifact"] == digest
    assert texts(outcome)[0].startswith("[OK] Built v1.0.0 from its tag")


def test_bytes_that_are_lost_and_come_out_otherwise_are_warned_about(shop: Workshop) -> None:
    outcome = find(shop, "sha256:" + "f" * 64)
    assert texts(outcome) == ["[WARN] Built v1.0.0 anew from its tag"]
    assert outcome.found["artifact"] == build(shop, back(shop)).found["artifact"]


def built(shop: Workshop, artifact: str) -> Run:
    """A run whose artifact was built, and whose process, maybe on another machine, is gone."""
    run = shop.run()
    known = Progress(step("build"), started=1.0, ended=Ended.PASSED, ended_at=2.0, found={"artifact": artifact})
    return msgspec.structs.replace(run, steps={**run.steps, "build": known})


def test_another_clone_builds_the_very_same(shop: Workshop) -> None:
    digest = build(shop).found["artifact"]
    stored = shop.folder / "artifacts" / f"{digest.removeprefix('sha256:')}.tar.gz"
    stored.unlink()
    go(builds(shop).again(built(shop, digest)))
    assert stored.exists()


def test_what_comes_out_otherwise_is_not_what_staging_has_proven(shop: Workshop) -> None:
    build(shop)
    with pytest.raises(CheckFailed, match="is not what was proven on staging"):
        go(builds(shop).again(built(shop, "sha256:" + "0" * 64)))
