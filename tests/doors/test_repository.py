from pathlib import Path

import pytest
from tests.fakes.repository import make_repository

from hotfix_deploy_runner.doors.repository import find_repository


def test_worktrees_are_not_in_the_git_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jest passes over whatever lies in a folder of the name .git."""
    found = find_repository(make_repository(tmp_path).clone)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "not-yet" / "there"))
    assert found.trees.is_relative_to(tmp_path / "not-yet" / "there" / "hotfix-deploy-runner")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert found.trees.is_relative_to(tmp_path / ".cache")


def test_where_the_cache_cannot_be_written_they_are_kept_with_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_repository(make_repository(tmp_path).clone)
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/1/nowhere")
    assert found.trees == found.home / "trees"
