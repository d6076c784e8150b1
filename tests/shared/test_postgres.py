import asyncio
import functools
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import psycopg
import pytest
from tests.fakes.postgres_server import PostgresServer
from tests.fakes.tcp_proxy import TcpProxy
from tests.journal.contract import asking, report
from tests.shared.contention import Make
from tests.shared.contract import RUN, CommonsContract, begun, lock, numbered, play

from hotfix_deploy_runner.doors.postgres.database import Database
from hotfix_deploy_runner.errors import JournalBroken, Unreachable, UsageError
from hotfix_deploy_runner.journal.postgres.store import PostgresStore
from hotfix_deploy_runner.shared.commons import Change, Commons, Effects
from hotfix_deploy_runner.shared.place import parse
from hotfix_deploy_runner.shared.postgres.commons import PostgresCommons

LOCKED = Change(locks={"production": lock("n1")})
BLOCK = "LOCK TABLE hotfix_locks IN ACCESS EXCLUSIVE MODE"
WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


class TestPostgresCommons(CommonsContract):
    @pytest.fixture
    def make_commons(self, database: Database) -> Make:
        return functools.partial(PostgresCommons, database)


@pytest.fixture
def make(database: Database) -> Make:
    return functools.partial(PostgresCommons, database)


def impatient(database: Database, patience: float = 0.5) -> Make:
    return functools.partial(PostgresCommons, database, patience=patience)


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    async with asyncio.timeout(20):
        while not await condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def blocked(database: Database, commons: Commons, change: Change) -> AsyncIterator["asyncio.Task[object]"]:
    """The change, waiting in the server for what another session holds."""
    await commons.look()
    other = await psycopg.AsyncConnection.connect(database.url)
    await other.execute(BLOCK)
    work = asyncio.ensure_future(commons.change(change))
    try:
        async with await psycopg.AsyncConnection.connect(database.url, autocommit=True) as watch:

            async def waits() -> bool:
                return await (await watch.execute(WAITING)).fetchone() is not None

            await until(waits, "the change to wait for the other session")
        yield work
    finally:
        await other.close()


def test_a_restart_of_the_server_between_two_calls_is_not_noticed(make: Make, postgres_server: PostgresServer) -> None:
    async def story(commons: Commons) -> None:
        await commons.change(LOCKED)
        postgres_server.stop()
        postgres_server.start()
        assert (await commons.look())["production"].record == lock("n1")

    play(make, story)


def test_a_server_that_dies_during_a_call_has_done_nothing_and_comes_back(
    make: Make, database: Database, postgres_server: PostgresServer
) -> None:
    async def story(commons: Commons) -> None:
        async with blocked(database, commons, LOCKED) as work:
            postgres_server.stop()
            with pytest.raises(Unreachable):
                await work
            with pytest.raises(Unreachable, match=r"^PostgreSQL at 127\.0\.0\.1") as failure:
                await commons.look()
            postgres_server.start()
        assert failure.value.next_step.startswith("psql 'postgresql://hotfix@127.0.0.1:")
        assert await commons.look() == {}
        await commons.change(LOCKED)

    play(make, story)


def test_a_connection_that_is_cut_is_made_anew(make: Make, database: Database, postgres_server: PostgresServer) -> None:
    async def story(commons: Commons) -> None:
        async with blocked(database, commons, LOCKED) as work:
            postgres_server.run(f"SELECT pg_terminate_backend(pid) FROM ({WAITING}) AS waiting")
            with pytest.raises(Unreachable):
                await work
        await commons.change(LOCKED)
        assert len(await commons.look()) == 1

    play(make, story)


def test_a_statement_that_waits_for_another_session_has_a_limit(database: Database) -> None:
    async def story(commons: Commons) -> None:
        await commons.change(begun())
        async with blocked(database, commons, LOCKED) as work:
            assert len(await commons.events(RUN)) == 1  # nobody waits for it
            with pytest.raises(Unreachable) as failure:
                await work
        assert "statement timeout" in failure.value.detail
        assert await commons.look() == {}
        await commons.change(LOCKED)

    play(impatient(database), story)


def test_a_call_that_is_cancelled_ends_at_once_and_changes_nothing(make: Make, database: Database) -> None:
    async def story(commons: Commons) -> None:
        async with blocked(database, commons, LOCKED) as work:
            work.cancel()
            done, _ = await asyncio.wait([work], timeout=3)  # the server would answer in 8 s
            assert done
            assert work.cancelled()
        await asyncio.sleep(0)
        assert await commons.look() == {}

    play(make, story)


def test_a_change_whose_answer_is_lost_is_done_when_it_is_repeated(
    database: Database, postgres_server: PostgresServer
) -> None:
    async def told() -> None:
        async with TcpProxy(postgres_server.port) as proxy:
            far = Database(database.url.replace(str(postgres_server.port), str(proxy.port)), "the far side")
            commons = impatient(far)()
            await commons.change(begun())
            await commons.ask(RUN, asking("q-1"))
            change = Change({}, LOCKED.locks, RUN, 1, numbered([report("x")], 1), ("q-1",))
            proxy.silent_after = b"COMMIT\0"  # and not READ COMMITTED
            with pytest.raises(Unreachable, match=r"the far side does not answer within 0\.5 s"):
                await commons.change(change)
            assert proxy.is_silent
            near = PostgresCommons(database)
            assert (await near.look())["production"].record == lock("n1")
            with pytest.raises(Unreachable):
                await commons.look()
            proxy.is_silent, proxy.silent_after = False, None
            assert await commons.change(change) == {"production": "n1"}
            assert await near.events(RUN) == [*begun().events, *change.events]
            assert await near.requests(RUN) == []
            # Events have come together that were sent one after the other: only the rest is written.
            more = numbered([report("x"), report("y")], 1)
            await commons.change(Change(run=RUN, after=1, events=more))
            assert await near.events(RUN) == [*begun().events, *more]
            await commons.aclose()
            await near.aclose()

    asyncio.run(told())


def test_a_machine_that_falls_silent_in_a_transaction_keeps_nobody_out(database: Database, make: Make) -> None:
    async def story(commons: Commons) -> None:
        dying = PostgresCommons(database, patience=0.5)
        await dying.look()
        (connection,) = dying._connections._idle
        await connection.execute("BEGIN")
        await connection.execute("INSERT INTO hotfix_locks VALUES ('production', '', '')")
        tokens = await commons.change(LOCKED)
        assert (await commons.look())["production"].token == tokens["production"]
        await connection.close()

    play(make, story)


def test_a_lock_that_makes_no_sense_is_unreadable_and_can_be_replaced(
    make: Make, database: Database, postgres_server: PostgresServer
) -> None:
    async def story(commons: Commons) -> None:
        tokens = await commons.change(LOCKED)
        postgres_server.run("UPDATE hotfix_locks SET record = 'nonsense'", database)
        assert (await commons.look())["production"].record.state == "unreadable"
        await commons.change(Change(tokens, {"production": lock("n2")}))
        assert (await commons.look())["production"].record == lock("n2")

    play(make, story)


def test_what_was_received_is_not_asked_again(make: Make) -> None:
    async def story(commons: Commons) -> None:
        await commons.change(begun())
        await commons.ask(RUN, asking("q-1"))
        await commons.change(Change(run=RUN, received=("q-1",)))
        await commons.ask(RUN, asking("q-1"))
        assert await commons.requests(RUN) == []

    play(make, story)


def test_the_journal_and_the_shared_place_are_the_same_tables(make: Make, database: Database) -> None:
    store = PostgresStore(database)
    play(make, lambda commons: commons.change(begun(RUN, report("one"))))
    store.append(RUN, 2, [report("two")])
    events = play(make, lambda commons: commons.events(RUN))
    assert [tuple(each) for each in events] == store.events(RUN)
    assert [(row.run, row.branch, row.last_seq) for row in store.runs()] == [(RUN, "hotfix/x", 3)]


@pytest.mark.parametrize(
    "change",
    [
        Change(effects=Effects(("a:refs/tags/v1",))),
        Change(locks={"production": lock("")}),
        Change(run=RUN, events=numbered([report("no start")])),
        Change(run=RUN, events=numbered([*[each.event for each in begun().events]], 1)),
    ],
    ids=["effects", "no nonce", "no start", "a gap"],
)
def test_a_change_that_cannot_be_made_is_refused(make: Make, change: Change) -> None:
    async def story(commons: Commons) -> None:
        with pytest.raises(ValueError):
            await commons.change(change)
        assert (await commons.look(), await commons.runs()) == ({}, [])

    play(make, story)


def test_newer_tables_are_refused(make: Make, database: Database, postgres_server: PostgresServer) -> None:
    play(make, lambda commons: commons.look())
    postgres_server.run("UPDATE hotfix_format SET version = 99", database)
    with pytest.raises(JournalBroken, match="newer"):
        play(make, lambda commons: commons.look())


def test_many_make_the_tables_at_once(make: Make) -> None:
    async def story(commons: Commons) -> None:
        many = [make() for _ in range(12)]
        seen = await asyncio.gather(*(each.look() for each in many))
        assert seen == [{}] * 12
        await asyncio.gather(*(each.aclose() for each in many))

    play(make, story)


def test_a_password_comes_from_the_environment_and_is_never_shown(
    database: Database, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres_server.demand_password("ada", "S3cret-of-ada")
    own = database.url.replace("hotfix@", "ada@")
    with_password = parse(own.replace("ada@", "ada:S3cret-of-ada@"), may_hold_secret=True)
    wrong = parse(own.replace("ada@", "ada:Wr0ng-one@"), may_hold_secret=True)
    without = parse(own)
    assert isinstance(with_password, Database) and isinstance(wrong, Database) and isinstance(without, Database)
    runs: Callable[[Commons], Awaitable[list[str]]] = lambda commons: commons.runs()  # noqa: E731
    play(functools.partial(PostgresCommons, database), runs)
    assert play(functools.partial(PostgresCommons, with_password), runs) == []
    for database_without in (wrong, without):
        with pytest.raises(Unreachable) as failure:
            play(functools.partial(PostgresCommons, database_without), runs)
        said = f"{failure.value} {failure.value.detail} {failure.value.next_step} {database_without!r}"
        assert "password" in said and "Wr0ng" not in said
    monkeypatch.setenv("PGPASSWORD", "S3cret-of-ada")
    assert play(functools.partial(PostgresCommons, without), runs) == []


def test_without_the_driver_it_is_said_what_to_install(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError) as failure:
        PostgresCommons(database)
    assert failure.value.next_step == 'pip install "hotfix-deploy-runner[postgres]"'
