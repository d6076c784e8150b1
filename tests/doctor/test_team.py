"""What `doctor` says of the place that the team shares."""

from pathlib import Path

import pytest
from tests.fakes.repository import Repository, make_repository
from tests.fakes.workshop import go

from hotfix_deploy_runner.config.model import Settings
from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.doctor.team import TeamExamination, _anonymous
from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.git.objects import Objects
from hotfix_deploy_runner.shared.git_remote import GitCommons
from hotfix_deploy_runner.shared.place import Place


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return make_repository(tmp_path)


def lines(repository: Repository, place: Place = "git", room: str = "refs/hotfix/") -> list[Line]:
    git = Objects(repository.clone, Commands(str))
    settings = Settings.model_validate({"shared_refs": room})
    return go(TeamExamination(place, settings, git, GitCommons(git, "origin")).lines())


def refuse_all_but_branches(repository: Repository) -> None:
    hook = repository.origin / "hooks" / "update"
    hook.write_text('#!/bin/sh\ncase "$1" in refs/heads/*) ;; *) exit 1;; esac\n')
    hook.chmod(0o755)


def test_a_remote_that_takes_locks_is_tried_and_left_as_it_was(repository: Repository) -> None:
    before = repository.git("for-each-ref", cwd=repository.origin)
    (line,) = lines(repository)
    assert line.status is Status.OK and "takes locks (refs/hotfix/" in line.text
    assert repository.git("for-each-ref", cwd=repository.origin) == before


def test_one_that_takes_only_branches_is_told_with_the_way_out(repository: Repository) -> None:
    refuse_all_but_branches(repository)
    (line,) = lines(repository)
    assert line.status is Status.FAIL and "refs/heads/hotfix-lock/" in line.detail[-1]
    (line,) = lines(repository, room="refs/heads/hotfix-lock/")
    assert line.status is Status.OK


def test_a_lock_of_one_clone_is_a_warning(repository: Repository) -> None:
    (line,) = lines(repository, "local")
    assert line.status is Status.WARN and "alone" in line.text


@pytest.mark.parametrize(
    ("url", "anybody"),
    [
        ("https://ada:pw@git.example.org/team/app.git", "https://git.example.org/team/app.git"),
        ("git@github.com:team/app.git", "https://github.com/team/app.git"),
        ("ssh://git@gitlab.com/team/app.git", "https://gitlab.com/team/app.git"),
        ("git@git.example.org:team/app.git", ""),
        ("/srv/git/app.git", ""),
        ("file:///srv/git/app.git", ""),
    ],
)
def test_where_anybody_would_read_it(url: str, anybody: str) -> None:
    assert _anonymous(url) == anybody
