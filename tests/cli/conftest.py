"""A checkout with a journal, for commands that only look."""

import subprocess
from pathlib import Path

import pytest
from tests.fakes import events

from hotfix_deploy_runner.journal.sqlite import SqliteStore


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """An empty repository with settings and a journal without a run."""
    folder = tmp_path / "checkout"
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    (folder / ".git" / "hotfix").mkdir()
    SqliteStore(folder / ".git" / "hotfix" / "journal.db").close()
    return folder


@pytest.fixture
def with_a_run(checkout: Path) -> Path:
    """The same after a run that went well."""
    store = SqliteStore(checkout / ".git" / "hotfix" / "journal.db")
    store.append(events.RUN, 0, events.good_deploy(afterwards=True).events)
    store.close()
    return checkout
