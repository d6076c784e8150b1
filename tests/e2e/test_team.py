"""Two engineers, two clones, one production: one run at a time, and the second can go on where the first was lost."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.team import Team
from tests.fakes.postgres_server import PostgresServer
from tests.fakes.processes import wait_for

pytestmark = pytest.mark.slow

HALF_WAY = r"Process 1/2 healthy"


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    with Team(tmp_path) as made:
        yield made


def test_a_second_run_is_told_who_is_at_it_and_can_ask_it_to_roll_back(team: Team) -> None:
    team.branch("one")
    ada = team.deploy("ada", "one", "--window", "60s").until(HALF_WAY)
    bob = team.deploy("bob", "one")
    assert bob.end() == 7
    assert "another run holds" in bob.err and "of ada" in bob.err and "takeover" in bob.err
    status = team.ended("bob", "status").out
    assert "production: held, run" in status and "of ada" in status
    back = team.ended("bob", "rollback", "--reason", "customers call")
    assert back.end() == 0, back.out + back.err
    assert "Asked run" in back.err and "rollback asked for by bob: customers call" in back.out.lower()
    assert ada.end() == 4, ada.out + ada.err
    assert team.version() == "v1.0.0"
    assert team.refs("refs/hotfix/requests") == [], "what was taken up is taken away"
    assert "production: free" in team.ended("bob", "status").out


def test_a_run_whose_process_and_clone_are_destroyed_goes_on_from_another_clone(team: Team) -> None:
    team.branch("one")
    ada = team.deploy("ada", "one", "--window", "60s").until(HALF_WAY)
    ada.send(signal.SIGKILL)
    ada.end()
    team.lose("ada")
    assert sorted(team.versions("production")) != ["v1.0.1", "v1.0.1"] or "2/2" in ada.out
    refused = team.deploy("bob", "one")
    assert refused.end() == 7 and "resume" in refused.err, refused.err
    on = team.ended("bob", "resume", env={"HOTFIX_WATCH_WINDOW": "0.3s"})
    assert on.end() in (0, 2), on.out + on.err
    if on.end() == 2:
        on = team.ended("bob", "resume", "--accept", env={"HOTFIX_WATCH_WINDOW": "0.3s"})
    assert on.end() == 0, on.out + on.err
    assert team.version() == "v1.0.1"
    assert team.refs("refs/tags").count("v1.0.1") == 1
    assert "production: free" in team.ended("bob", "status").out


def test_a_holder_that_sleeps_is_taken_over_and_does_nothing_more_when_it_wakes(team: Team) -> None:
    team.branch("one")
    ada = team.deploy("ada", "one", "--window", "60s").until(HALF_WAY)
    ada.send(signal.SIGSTOP)
    over = team.ended("bob", "takeover", "--reason", "her laptop fell into the sea")
    assert over.end() == 0 and "Next: hotfix-deploy-runner resume" in over.out, over.err
    back = team.ended("bob", "abort")
    assert back.end() == 0, back.out + back.err
    assert team.version() == "v1.0.0"
    ada.send(signal.SIGCONT)
    assert ada.end() == 7, ada.out + ada.err
    assert "taken over" in ada.out
    assert team.version() == "v1.0.0", "the sleeper has done nothing more"


def test_one_that_is_silent_for_long_enough_is_taken_over_without_a_word(team: Team) -> None:
    team.branch("one")
    ada = team.deploy("ada", "one", "--window", "60s").until(HALF_WAY)
    ada.send(signal.SIGSTOP)
    on = team.start("bob", "abort")
    assert on.end(40) == 0, on.out + on.err
    assert team.version() == "v1.0.0"
    ada.send(signal.SIGCONT)
    assert ada.end() == 7, ada.out + ada.err


def test_a_freeze_keeps_deploys_out_and_lets_a_rollback_through(team: Team) -> None:
    team.branch("one")
    assert team.ended("ada", "lock", "--reason", "freeze until Monday").end() == 0
    refused = team.deploy("bob", "one")
    assert refused.end() == 7 and "production is frozen: freeze until Monday" in refused.err
    assert "frozen" in team.ended("bob", "status").out
    assert team.ended("bob", "rollback", "--version", "v1.0.0").end() == 0
    assert team.deploy("bob", "one").end() == 7, "frozen as before"
    assert team.ended("bob", "unlock").end() == 0
    assert team.deploy("bob", "one").end() == 0


def test_without_the_remote_a_breach_is_rolled_back_all_the_same_and_told_later(team: Team) -> None:
    team.branch("bad", bad=True)
    ada = team.deploy("ada", "bad", "--window", "60s").until(r"Rolling deploy started")
    team.cut_the_remote()
    assert ada.end(90) == 4, ada.out + ada.err
    assert team.version() == "v1.0.0"
    assert "the team's lock was not let go" in ada.err
    team.mend_the_remote()
    done = team.ended("ada", "reconcile")
    assert done.end() == 0, done.out + done.err
    assert "events carried" in done.out and "marked as rolled back for everybody" in done.out
    assert team.refs("refs/hotfix/rolled-back") == ["v1.0.1"]
    shown = team.ended("bob", "status").out
    assert "production: free" in shown and "rolled back" in shown


def test_a_good_release_waits_for_the_lock_and_goes_on(team: Team) -> None:
    team.branch("one")
    ada = team.deploy("ada", "one", "--window", "12s").until(r"Rolling deploy started")
    team.cut_the_remote()
    wait_for(lambda: ada.told("Held up|Process 2/2 healthy"), "it is held up, or all is in", 40)
    team.mend_the_remote()
    assert ada.end(90) == 0, ada.out + ada.err
    assert team.version() == "v1.0.1"


def test_in_postgresql_a_run_outlives_the_server_and_another_clone_knows_it(
    team: Team, postgres_server: PostgresServer
) -> None:
    there = {"HOTFIX_JOURNAL": postgres_server.database().url}
    team.branch("one")
    ada = team.deploy("ada", "one", "--window", "9s", env=there).until(HALF_WAY)
    refused = team.deploy("bob", "one", env=there)
    assert refused.end() == 7 and "of ada" in refused.err, refused.err
    postgres_server.stop()
    postgres_server.start()
    assert ada.end() == 0, ada.out + ada.err
    status = team.ended("bob", "status", env=there)
    assert "production: free" in status.out and "v1.0.1 deployed" in status.out.replace("Hotfix ", ""), status.out
    elsewhere = team.deploy("bob", "one")
    assert elsewhere.end() == 2 and "is kept in PostgreSQL at 127.0.0.1" in elsewhere.err, elsewhere.err
