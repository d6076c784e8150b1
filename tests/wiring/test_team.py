"""What one does to the team's locks by hand, and catching up after the team could not be reached."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.clone import Clone
from tests.fakes.commons import FakeCommons, Shared
from tests.fakes.office import Office
from tests.fakes.past import Past
from tests.shared.contract import numbered

from hotfix_deploy_runner.core.check import Line
from hotfix_deploy_runner.core.ending import Ending, ExitCode
from hotfix_deploy_runner.core.events import AnyEvent, RequestReceived, Resumed, RunEnded, TakenOver
from hotfix_deploy_runner.doors.process_mark import ProcessMark, mark
from hotfix_deploy_runner.errors import LockHeld, Unreachable, UsageError
from hotfix_deploy_runner.lock.local import LocalLocks
from hotfix_deploy_runner.lock.record import LockRecord
from hotfix_deploy_runner.wiring.bringing import superseded
from hotfix_deploy_runner.wiring.sharing import take
from hotfix_deploy_runner.wiring.team import catch_up, freeze, owed, reconcile, standing_locks, take_over, thaw

BOB = ProcessMark("host-bob", 7, "99", "boot-bob")
RUN = "run-1"
OTHERS = TakenOver(at=5000.0, why="somebody has taken over")
OVER = RunEnded(at=5001.0, ending=Ending(ExitCode.HELD, "Stopped where it was.", ""))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("office"))


@pytest.fixture
def clone(office: Office, tmp_path: Path) -> Clone:
    return Clone(office.open(), tmp_path / "ada", FakeCommons())


def story(tell: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        await tell()

    asyncio.run(told())


def of_bob(state: Any = "held", run: str = RUN, fence: int = 7, **more: Any) -> LockRecord:
    return LockRecord(fence, state, run, "bob", process=BOB, ttl=90.0, nonce=f"{state}-{fence}", **more)


def ours(clone: Clone, code: ExitCode | None = None, **run: Any) -> list[AnyEvent]:
    """A run of this clone, of which the team has nothing; its events."""
    Past(clone.home).run("v1.0.0", "v1.0.1", code, **run)
    clone.carried.note(RUN, 0)
    return known(clone)


def known(clone: Clone) -> list[AnyEvent]:
    return [event for _, event in clone.project.store.events(RUN)]


def texts(lines: list[Line]) -> list[str]:
    return [f"[{line.status}] {line.text}" for line in lines]


# By hand


def test_a_freeze_keeps_out_until_it_is_lifted_and_the_fence_goes_on(clone: Clone) -> None:
    async def tell() -> None:
        first = await take(clone.project, ("production",), "r0")
        await first.let_go()
        await freeze(clone.project, "production", "until Monday")
        with pytest.raises(LockHeld, match="production is frozen: until Monday") as refused:
            await take(clone.project, ("production",), "r1")
        assert refused.value.next_step == "hotfix-deploy-runner unlock --target production"
        with pytest.raises(LockHeld, match="frozen"):
            await freeze(clone.project, "production", "again")
        assert (await thaw(clone.project, "production")).reason == "until Monday"
        second = await take(clone.project, ("production",), "r1")
        assert second.lease.fence > first.lease.fence
        await second.let_go()
        with pytest.raises(UsageError, match="production is not frozen: it is free"):
            await thaw(clone.project, "production")

    story(tell)


def test_who_is_at_work_is_not_frozen_under_it(clone: Clone) -> None:
    clone.commons.shared.locks["production"] = of_bob()

    async def tell() -> None:
        with pytest.raises(LockHeld, match="another run holds production"):
            await freeze(clone.project, "production", "x")
        clone.commons.shared.locks["production"] = of_bob("elsewhere", why="PostgreSQL at db")
        with pytest.raises(UsageError, match="is kept in PostgreSQL at db"):
            await freeze(clone.project, "production", "x")

    story(tell)


def test_a_takeover_closes_what_was_left_and_frees_the_rest_also_under_a_freeze(clone: Clone) -> None:
    locks, there = clone.commons.shared.locks, clone.commons.shared.events
    locks["staging"], locks["production"] = of_bob(), of_bob()
    there[RUN] = numbered(ours(clone))
    locks["other"] = of_bob(run="r9")

    async def tell() -> None:
        before = await take_over(clone.project, "production", "her laptop is in the sea")
        assert (before.run, before.operator) == (RUN, "bob")
        assert clone.states == {"staging": ("free", RUN), "production": ("suspended", RUN), "other": ("held", "r9")}
        assert "her laptop is in the sea" in locks["production"].why and locks["production"].fence == 8
        with pytest.raises(LockHeld, match=f"run {RUN} left production unfinished"):
            await take(clone.project, ("production",), "r1")
        held = await take(clone.project, ("production",), RUN)
        await held.let_go()
        with pytest.raises(UsageError, match="no run holds production"):
            await take_over(clone.project, "production", "x")

    story(tell)


def test_without_a_team_there_is_nobody_to_keep_out(clone: Clone) -> None:
    clone.alone = True

    async def tell() -> None:
        for doing in (freeze(clone.project, "production", "x"), reconcile(clone.project)):
            with pytest.raises(UsageError, match="there is no team to keep out here"):
                await doing
        assert await standing_locks(clone.project, 1.0) == {}

    story(tell)


# Catching up


def test_what_is_owed_is_carried_once(clone: Clone) -> None:
    events = ours(clone, ExitCode.DONE)

    async def tell() -> None:
        assert owed(clone.project) == [RUN]
        lines = await reconcile(clone.project)
        assert texts(lines) == [f"[OK] Run {RUN}: {len(events)} events carried to the shared place"]
        assert clone.commons.shared.events[RUN] == numbered(events)
        assert owed(clone.project) == [] and await reconcile(clone.project) == []

    story(tell)


def test_a_run_that_another_process_of_this_clone_drives_is_left_alone(clone: Clone) -> None:
    ours(clone)
    LocalLocks(clone.home / "locks", pid=os.getppid()).acquire(("production",), RUN, "ada")
    clone.commons.shared.locks["production"] = LockRecord(7, "held", RUN, process=mark(os.getppid()), nonce="x")

    async def tell() -> None:
        assert owed(clone.project) == []
        await reconcile(clone.project)
        assert clone.commons.shared.events == {} and clone.states["production"] == ("held", RUN)

    story(tell)


def test_what_a_dead_process_could_not_free_is_freed_or_closed(clone: Clone) -> None:
    ours(clone)
    LocalLocks(clone.home / "locks").acquire(("staging", "production"), "r0", "ada", fence=7)
    gone = mark(os.getpid())._replace(pid=2**22 + 1, started="1")
    frozen = LockRecord(3, "frozen", "", "carl", "x", 50.0)
    for one in ("staging", "production"):
        record = LockRecord(7, "held", RUN, process=gone, ttl=90.0, nonce=one)
        clone.commons.shared.locks[one] = record._replace(freeze=frozen.beneath)
    clone.commons.shared.locks["eu"] = of_bob(run="r9")

    async def tell() -> None:
        lines = texts(await reconcile(clone.project))
        assert {"[OK] Lock of staging: frozen", "[OK] Lock of production: suspended"} <= set(lines)
        assert clone.states["eu"] == ("held", "r9"), "bob's process may live"

    story(tell)


def test_what_somebody_else_has_taken_up_is_not_carried_over_his_head(clone: Clone) -> None:
    """The sleeper wakes after a takeover by hand, and notes that it was taken over: nobody is to be told that."""
    so_far = ours(clone)
    clone.project.store.append(RUN, len(so_far), [OTHERS, OVER])
    LocalLocks(clone.home / "locks").acquire(("production",), "r0", "ada", fence=7)
    clone.commons.shared.events[RUN] = numbered(so_far[:2])
    clone.commons.shared.locks["production"] = of_bob("suspended", fence=8)

    async def tell() -> None:
        lines = await reconcile(clone.project)
        assert texts(lines) == [f"[WARN] Run {RUN}: somebody else has gone on with it"]
        assert str(superseded(clone.project, RUN)) in lines[0].detail[0]
        assert clone.commons.shared.events[RUN] == numbered(so_far[:2])
        assert known(clone) == so_far[:2] and owed(clone.project) == []

    story(tell)


def test_where_somebody_else_has_brought_it_to_its_end_ours_is_put_aside(clone: Clone) -> None:
    so_far = ours(clone)
    clone.project.store.append(RUN, len(so_far), [OTHERS, OVER])
    theirs = [*so_far, Resumed(at=4000.0, by="bob", host="host-bob", fence=8)]
    clone.commons.shared.events[RUN] = numbered(theirs)

    async def tell() -> None:
        assert texts(await reconcile(clone.project)) == [f"[WARN] Run {RUN}: somebody else has gone on with it"]
        assert known(clone) == theirs and superseded(clone.project, RUN).exists()

    story(tell)


def test_one_run_that_cannot_be_carried_keeps_no_other_from_it(clone: Clone) -> None:
    past = Past(clone.home)
    for name in (past.run("v1.0.0", "v1.0.1"), past.run("v1.0.1", "v1.0.2")):
        clone.carried.note(name, 0)

    def refuse(change: Any) -> None:
        if change.run == "run-1":
            raise LockHeld("somebody else writes to it")

    clone.commons.sees = refuse

    async def tell() -> None:
        lines = texts(await reconcile(clone.project))
        assert "[WARN] Run run-1: somebody else writes to it" in lines
        assert list(clone.commons.shared.events) == ["run-2"] and owed(clone.project) == ["run-1"]

    story(tell)


def test_the_next_fence_of_any_clone_is_above_what_was_used_without_the_team(
    office: Office, clone: Clone, tmp_path: Path
) -> None:
    clone.commons.shared.locks["production"] = LockRecord(7, nonce="x")

    async def tell() -> None:
        offline = await take(clone.project, ("production",), "r1", offline=True)
        await offline.let_go()
        lines = texts(await reconcile(clone.project))
        assert lines == [f"[OK] Lock of production: the next fence is above {offline.lease.fence}"]
        bob = Clone(office.open(), tmp_path / "bob", FakeCommons(clone.commons.shared))
        held = await take(bob.project, ("production",), "r2")
        assert held.lease.fence == offline.lease.fence + 1
        assert await reconcile(clone.project) == [], "nobody's lock is changed under its run"
        await held.let_go()

    story(tell)


def test_that_it_cannot_be_done_now_is_no_obstacle(clone: Clone, capsys: pytest.CaptureFixture[str]) -> None:
    ours(clone, ExitCode.DONE)
    clone.commons.unreachable = True

    async def tell() -> None:
        await catch_up(clone.project)
        with pytest.raises(Unreachable):
            await reconcile(clone.project)
        clone.commons.unreachable = False
        await catch_up(clone.project)
        assert owed(clone.project) == []

    story(tell)
    said = capsys.readouterr().err
    assert "The team does not have all of this clone's runs: the shared place does not answer" in said
    assert "events carried" in said


def test_a_lost_answer_carries_nothing_twice(clone: Clone) -> None:
    events = [*ours(clone), RequestReceived(at=4000.0, request="q", verb="abort", by="bob")]
    clone.project.store.append(RUN, len(events) - 1, events[-1:])
    clone.commons.loses_answers = 1

    async def tell() -> None:
        with pytest.raises(Unreachable):
            await reconcile(clone.project)
        await reconcile(clone.project)
        assert clone.commons.shared.events[RUN] == numbered(events)

    story(tell)


def test_who_asks_a_silent_team_waits_so_long_and_no_longer(clone: Clone) -> None:
    clone.commons.shared = Shared()

    async def forever(environments: object = None) -> Any:
        await asyncio.Event().wait()

    clone.commons.look = forever  # type: ignore[method-assign]

    async def tell() -> None:
        with pytest.raises(Unreachable, match=r"does not answer within 0\.05 s"):
            await standing_locks(clone.project, 0.05)

    story(tell)
