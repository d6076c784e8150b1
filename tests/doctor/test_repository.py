import asyncio
import shutil
from pathlib import Path

import pytest
from tests.fakes.repository import Repository, make_repository

from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.doctor.repository import RepositoryExamination
from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.git.inspection import Inspection
from hotfix_deploy_runner.doors.redaction import Redactor


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return make_repository(tmp_path)


def inspection(checkout: Path, remote: str = "origin") -> Inspection:
    return Inspection(checkout, Commands(Redactor()), remote=remote)


def examined(checkout: Path, remote: str = "origin") -> dict[Status, list[Line]]:
    lines = asyncio.run(RepositoryExamination(inspection(checkout, remote), remote).lines())
    return {status: [line for line in lines if line.status is status] for status in Status}


def test_a_good_clone_lacks_nothing(repository: Repository) -> None:
    found = examined(repository.clone)
    assert found[Status.FAIL] == found[Status.WARN] == []
    texts = [line.text for line in found[Status.OK]]
    assert "Remote origin answers (1 tags)" in texts
    assert "Tags and merges are made by Ada <ada@example.org>" in texts
    assert any(text.startswith("Remote origin takes a push") for text in texts)


def test_asking_for_a_push_pushes_nothing(repository: Repository) -> None:
    before = repository.git("show-ref", cwd=repository.origin)
    examined(repository.clone)
    assert repository.git("show-ref", cwd=repository.origin) == before


def test_a_shallow_clone_is_told_with_its_remedy(repository: Repository) -> None:
    repository.commit({"a": "1"})
    repository.git("push", "--quiet")
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.origin}", "flat", cwd=repository.folder)
    failed = examined(repository.folder / "flat")[Status.FAIL]
    assert [(line.text, line.detail) for line in failed] == [
        ("The clone is shallow: its history cannot be trusted", ("git fetch --unshallow --tags",))
    ]


def test_a_remote_that_is_not_there(repository: Repository) -> None:
    [line] = examined(repository.clone, "upstream")[Status.FAIL]
    assert line.text == "There is no remote upstream"
    assert line.detail == ("git remote add upstream URL", "or set remote to origin in hotfix.toml")


def test_a_remote_that_does_not_answer(repository: Repository) -> None:
    shutil.rmtree(repository.origin)
    [line] = examined(repository.clone)[Status.FAIL]
    assert line.text == "Remote origin does not answer"
    assert line.detail[-1] == "git ls-remote origin"


def test_a_remote_that_takes_no_push(repository: Repository) -> None:
    repository.git("remote", "set-url", "--push", "origin", str(repository.folder / "nowhere"))
    [line] = examined(repository.clone)[Status.FAIL]
    assert line.text == "Remote origin takes no push"
    assert line.detail[-1].startswith("git push --dry-run origin HEAD:")


def test_without_a_name_the_runners_own_is_told(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    repository.git("config", "--remove-section", "user")
    repository.git("config", "user.useConfigOnly", "true")
    [line] = examined(repository.clone)[Status.WARN]
    assert line.text.startswith("Git has no name for you")
    assert line.detail[0].startswith("git config --global user.name")


def test_what_is_told_of_branches_and_remotes(repository: Repository) -> None:
    repository.git("branch", "side")
    git = inspection(repository.another_clone("other"))
    assert asyncio.run(git.branches()) == ("main",)
    assert asyncio.run(git.remote_head()) == "main"
    assert asyncio.run(git.remotes()) == ("origin",)
    assert asyncio.run(inspection(repository.clone).branches()) == ("main", "side")
    assert asyncio.run(inspection(repository.clone).remote_head()) == ""
    assert asyncio.run(git.version()) >= (2, 38)
