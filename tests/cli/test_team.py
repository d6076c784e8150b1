"""The commands for what a team shares, over a real remote; and a run that goes without it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.fakes.office import Office
from tests.fakes.workshop import go
from tests.journal.contract import ended, started
from tests.shared.contract import numbered

from hotfix_deploy_runner.cli import status, team
from hotfix_deploy_runner.cli.main import main
from hotfix_deploy_runner.core.ending import ExitCode
from hotfix_deploy_runner.core.events import StepEnded
from hotfix_deploy_runner.doors.process_mark import ProcessMark
from hotfix_deploy_runner.errors import LockHeld
from hotfix_deploy_runner.lock.record import LockRecord
from hotfix_deploy_runner.shared.commons import Change, Commons

Command = Callable[..., Result]
BOB = ProcessMark("host-bob", 7, "99", "boot-bob")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office(tmp_path)
    monkeypatch.chdir(made.repository.clone)
    for module in (team, status):
        monkeypatch.setattr(module, "open_project", lambda config: made.open())
    return made


@pytest.fixture
def command(office: Office) -> Command:
    return lambda *words: CliRunner().invoke(main, words)


def shared(office: Office, change: Change) -> None:
    """Somebody in another clone has written this."""

    async def write() -> None:
        commons: Commons | None = await office.open().commons()
        assert commons is not None
        await commons.change(change)

    go(write())


def test_a_freeze_is_said_kept_and_lifted(office: Office, command: Command) -> None:
    assert command("lock", "--reason", "until Monday").output == "production is frozen: until Monday\n"
    assert "production: frozen" in command("status").output
    with pytest.raises(LockHeld, match="production is frozen: until Monday"):
        office.deploy()
    again = command("lock", "--reason", "x")
    assert again.exit_code == 7 and "hotfix-deploy-runner unlock --target production" in again.output
    assert "production is free again (it was frozen by" in command("unlock").output
    assert "production: free" in command("status").output
    assert command("unlock").exit_code == 2


def test_a_run_of_another_clone_is_told_adopted_and_taken_over(office: Office, command: Command) -> None:
    held = LockRecord(7, "held", "r1", "bob", since=1000.0, process=BOB, ttl=90.0, nonce="n1")
    shared(office, Change({}, {"production": held}, "r1", 0, numbered([started("r1")])))
    told = command("status").output
    assert "production: held, run r1 of bob, process 7 on host-bob" in told
    assert command("adopt", "r1").output == "Run r1: 1 events are here.\n"
    assert len(office.past.store.events("r1")) == 1
    assert command("adopt", "r9").exit_code == 2
    over = command("takeover", "--reason", "her laptop is in the sea")
    assert over.exception is None, repr(over.exception)
    assert over.output == "production is taken from run r1 of bob on host-bob.\nIt had touched nothing there.\n"
    assert command("takeover", "--reason", "again").exit_code == 2
    assert "production: free" in command("status").output


def test_status_of_a_silent_team_says_what_is_missing_and_what_is_known_here(office: Office, command: Command) -> None:
    office.past.run("v1.0.0", "v1.0.1")
    office.unreachable()
    told = command("status")
    assert told.exit_code == 0 and "what the team knows is missing here" in told.output
    assert "production: free" in told.output


def test_nothing_owed_is_said(office: Office, command: Command) -> None:
    assert command("reconcile").output == "Nothing is owed.\n"
    shared(office, Change(run="r1", events=numbered([started("r1"), ended()])))
    assert command("reconcile").output == "Nothing is owed.\n", "it is another clone's"


@pytest.mark.slow
def test_a_run_without_the_remote_tags_here_only_and_the_team_has_it_later(office: Office, command: Command) -> None:
    away = office.repository.folder / "gone.git"
    office.repository.git("fetch", "--quiet", "origin")
    office.unreachable()
    ending = office.deploy(offline=True)
    assert (ending.code, office.production()) == (ExitCode.UNPROVEN, ["v1.0.1"] * 3), ending
    assert office.local("refs/tags/v1.0.1") == office.commit
    (run,) = office.runs()
    said = [line.text for _, e in office.past.store.events(run) if isinstance(e, StepEnded) for line in e.lines]
    assert "Tagged v1.0.1 here only" in said
    assert command("reconcile").exit_code == 3, "the remote does not answer yet"
    away.rename(office.repository.origin)
    done = command("reconcile")
    assert (
        done.exit_code == 0 and f"Run {run}: " in done.output and "events carried to the remote origin" in done.output
    )
    assert office.remote("refs/tags/v1.0.1") == office.commit
    assert office.remote(f"refs/hotfix/runs/{run}") != ""
    assert command("reconcile").output == "Nothing is owed.\n"
