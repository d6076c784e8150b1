"""Asking the run in progress to roll back: when it is asked, what counts as an answer, and when it is not."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from tests.fakes import events
from tests.fakes.events import OLD, RUN, Story

from hotfix_deploy_runner.cli.main import main
from hotfix_deploy_runner.core.ending import Ending
from hotfix_deploy_runner.core.events import RequestReceived, RunEnded
from hotfix_deploy_runner.journal.sqlite import SqliteStore
from hotfix_deploy_runner.lock.local import LocalLocks

SETTINGS = """
[environments.production.web]
platform = "process"
instances = 1
ports = "39101-39102"
start = "true"
root = "{root}"
"""


@pytest.fixture
def there(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(checkout)
    (checkout / "hotfix.toml").write_text(SETTINGS.format(root=checkout / "production"))
    return checkout


@pytest.fixture
def store(there: Path) -> Iterator[SqliteStore]:
    journal = SqliteStore(there / ".git" / "hotfix" / "journal.db")
    yield journal
    journal.close()


def in_progress(there: Path, store: SqliteStore, before: str = "") -> Story:
    """A deploy that this very process holds: what it has done so far is in the journal."""
    story = Story(events.request(), msgspec.structs.replace(events.facts(), before=before))
    events.checked(story)
    store.append(RUN, 0, story.events)
    LocalLocks(there / ".git" / "hotfix" / "locks", pid=os.getppid()).acquire(("staging", "production"), RUN, "ada")
    return story


def answering(there: Path, story: Story, code: int) -> threading.Thread:
    """A holder that takes the request up and ends with `code`."""

    def answer() -> None:
        journal = SqliteStore(there / ".git" / "hotfix" / "journal.db")
        deadline = time.monotonic() + 8
        while not (asked := journal.requests(RUN)) and time.monotonic() < deadline:
            time.sleep(0.02)
        taken = RequestReceived(at=story.tick(), request=asked[0].id, verb="rollback", by=asked[0].by)
        ended = RunEnded(at=story.tick(), ending=Ending(code, "It is back.", "Production runs v2.14.3 again."))
        journal.append(RUN, len(story.events), [taken, ended])
        journal.close()

    thread = threading.Thread(target=answer)
    thread.start()
    return thread


@pytest.mark.parametrize("code", [3, 4])
def test_the_run_in_progress_is_asked_and_its_end_is_what_was_wanted(
    there: Path, store: SqliteStore, code: int
) -> None:
    thread = answering(there, in_progress(there, store), code)
    done = CliRunner().invoke(main, ["rollback", "--reason", "customers call"])
    thread.join()
    assert done.exit_code == 0, done.output
    assert f"Asked run {RUN} (run {RUN} of ada, process {os.getppid()} on " in done.stderr
    assert done.stdout.startswith("Hotfix Deployment: hotfix/auth-bypass\n"), "it is followed from its beginning"
    assert done.stdout.endswith("It is back. Production runs v2.14.3 again.\n")


def test_another_version_than_its_way_back_is_refused_with_the_command(there: Path, store: SqliteStore) -> None:
    in_progress(there, store)
    done = CliRunner().invoke(main, ["rollback", "--version", "v2.13.0"])
    assert done.exit_code == 2 and f"its way back is {OLD.version}, not v2.13.0" in done.stderr
    assert f"rollback-deploy-auto --version {OLD.version}" in done.stderr
    assert store.requests(RUN) == [], "nothing was asked of it"


@pytest.mark.parametrize("version", ["before/v2.14.4", OLD.version])
def test_what_runs_without_a_tag_is_meant_by_either_of_its_names(there: Path, store: SqliteStore, version: str) -> None:
    thread = answering(there, in_progress(there, store, "before/v2.14.4"), 4)
    done = CliRunner().invoke(main, ["rollback", "--version", version])
    thread.join()
    assert done.exit_code == 0, done.output


def test_the_name_that_the_way_back_gets_is_the_one_that_is_told(there: Path, store: SqliteStore) -> None:
    in_progress(there, store, "before/v2.14.4")
    done = CliRunner().invoke(main, ["rollback", "--version", "v2.13.0"])
    assert done.exit_code == 2 and "rollback-deploy-auto --version before/v2.14.4" in done.stderr


def test_a_rollback_of_staging_asks_nothing_of_a_run_on_production(there: Path, store: SqliteStore) -> None:
    in_progress(there, store)
    done = CliRunner().invoke(main, ["rollback", "--target", "staging"])
    assert done.exit_code == 7 and f"run {RUN} is in progress on production" in done.stderr
    assert store.requests(RUN) == []


def test_with_nobody_in_progress_it_is_made_from_here(there: Path, store: SqliteStore) -> None:
    """Here it ends at once: no version is known to have been good."""
    done = CliRunner().invoke(main, ["rollback"])
    assert done.exit_code == 2 and "no version is known to have been good on production" in done.stderr
    assert LocalLocks(there / ".git" / "hotfix" / "locks").holder("production") is None
