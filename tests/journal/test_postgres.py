import functools
import os
import signal
import sys

import psycopg
import pytest
from tests.fakes.postgres_server import PostgresServer
from tests.journal.contract import Open, StoreContract, received, report, started, texts

from hotfix_deploy_runner.doors.postgres.database import Database
from hotfix_deploy_runner.errors import JournalBroken, UsageError
from hotfix_deploy_runner.journal.postgres.schema import VERSION
from hotfix_deploy_runner.journal.postgres.store import PostgresStore
from hotfix_deploy_runner.journal.store import InboxRequest


class TestPostgresStore(StoreContract):
    @pytest.fixture
    def open_store(self, database: Database) -> Open:
        return functools.partial(PostgresStore, database)


@pytest.fixture
def store(database: Database) -> PostgresStore:
    made = PostgresStore(database)
    made.append("r1", 0, [started("r1"), report("one")])
    return made


def test_a_restart_of_the_server_between_two_calls_is_not_noticed(
    store: PostgresStore, postgres_server: PostgresServer
) -> None:
    postgres_server.stop()
    postgres_server.start()
    assert store.append("r1", 2, [report("two")]) == 3
    assert texts(store, "r1") == ["one", "two"]


def test_a_server_that_is_away_is_said_and_comes_back(store: PostgresStore, postgres_server: PostgresServer) -> None:
    postgres_server.stop()
    with pytest.raises(JournalBroken, match="cannot be read") as failure:
        store.runs()
    postgres_server.start()
    assert "PostgreSQL at 127.0.0.1" in failure.value.detail
    assert failure.value.next_step.startswith("psql ")
    assert len(store.runs()) == 1


def test_a_row_that_another_holds_is_waited_for_within_a_limit(database: Database, store: PostgresStore) -> None:
    impatient = PostgresStore(database, patience=0.3)
    with psycopg.connect(database.url) as other:
        other.execute("SELECT * FROM hotfix_runs FOR UPDATE")
        with pytest.raises(JournalBroken, match="cannot be written") as failure:
            impatient.append("r1", 2, [report("x")])
    assert "statement timeout" in failure.value.detail
    assert impatient.append("r1", 2, [report("x")]) == 3


def test_a_server_that_hangs_is_given_up(database: Database, store: PostgresStore) -> None:
    impatient = PostgresStore(database, patience=0.3)
    connection = impatient._connection._open
    assert connection is not None
    hanging = connection.info.backend_pid
    os.kill(hanging, signal.SIGSTOP)
    try:
        with pytest.raises(JournalBroken, match="cannot be read"):
            impatient.runs()
    finally:
        os.kill(hanging, signal.SIGCONT)
    assert len(impatient.runs()) == 1


def test_newer_tables_are_refused_and_left_alone(
    database: Database, store: PostgresStore, postgres_server: PostgresServer
) -> None:
    postgres_server.run(f"UPDATE hotfix_format SET version = {VERSION + 1}", database)
    with pytest.raises(JournalBroken, match="newer") as failure:
        PostgresStore(database)
    assert "upgrade" in failure.value.next_step
    assert postgres_server.run("SELECT version FROM hotfix_format", database) == [(VERSION + 1,)]


def test_an_event_that_nobody_knows_is_said(
    database: Database, store: PostgresStore, postgres_server: PostgresServer
) -> None:
    postgres_server.run("""UPDATE hotfix_events SET event = '{"event":"from-the-future"}' WHERE seq = 2""", database)
    with pytest.raises(JournalBroken, match="event 2 of run r1"):
        store.events("r1")


def test_repositories_may_share_a_database_by_their_schemas(
    store: PostgresStore, postgres_server: PostgresServer
) -> None:
    other = PostgresStore(postgres_server.database())
    assert other.runs() == []
    assert len(store.runs()) == 1


def test_a_request_with_any_text_comes_back(store: PostgresStore) -> None:
    odd = InboxRequest(id="q", verb="abort", by="é", reason='"\0\u2028\U0001f600%s\\', at=1.5)
    store.ask("r1", odd)
    assert store.requests("r1") == [odd]
    store.append("r1", 2, [received(odd.id)])
    assert store.requests("r1") == []


def test_without_the_driver_it_is_said_what_to_install(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError, match="psycopg") as failure:
        PostgresStore(database)
    assert failure.value.next_step == 'pip install "hotfix-deploy-runner[postgres]"'
