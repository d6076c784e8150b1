"""Two locks taken as one: the team's, then this machine's; and what is left of both when something goes wrong."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.clone import Clone
from tests.fakes.commons import FakeCommons
from tests.fakes.office import Office
from tests.journal.contract import started
from tests.shared.contract import numbered

from hotfix_deploy_runner.doors.process_mark import ProcessMark
from hotfix_deploy_runner.errors import HotfixError, LockHeld, LockLost, Unreachable
from hotfix_deploy_runner.lock.local import LocalLocks
from hotfix_deploy_runner.lock.record import Freeze, LockRecord
from hotfix_deploy_runner.wiring import sharing
from hotfix_deploy_runner.wiring.sharing import Held, take, take_for_the_way_back

BOTH = ("staging", "production")
RUN = "r1"
BOB = ProcessMark("host-bob", 7, "99", "boot-bob")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("office"))


@pytest.fixture
def clone(office: Office, tmp_path: Path) -> Clone:
    return Clone(office.open(), tmp_path, FakeCommons())


def story(tell: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        await tell()

    asyncio.run(told())


async def taken(clone: Clone, run: str = RUN, environments: tuple[str, ...] = BOTH, **more: Any) -> Held:
    return await take(clone.project, environments, run, **more)


def test_both_locks_are_taken_under_one_fence_and_let_go_together(clone: Clone) -> None:
    async def tell() -> None:
        held = await taken(clone)
        assert clone.states == {"staging": ("held", RUN), "production": ("held", RUN)}
        assert clone.here("production") == ("held", RUN)
        assert {record.fence for record in clone.commons.shared.locks.values()} == {held.lease.fence}
        assert clone.carried.known() == {RUN: 0}, "what it does is owed from its beginning"
        await held.let_go()
        assert clone.states == {"staging": ("free", RUN), "production": ("free", RUN)}
        assert clone.here("production") is None and clone.commons.closed

    story(tell)


def test_a_writing_that_takes_its_time_leaves_one_fence_in_both_places(clone: Clone) -> None:
    """The first fence here is by the clock, which goes on meanwhile."""
    seconds = iter(range(2_000_000_000, 2_000_001_000, 10))
    clone.project.locks = LocalLocks(clone.home / "locks", clock=lambda: float(next(seconds)))

    async def tell() -> None:
        held = await taken(clone)
        assert {record.fence for record in clone.commons.shared.locks.values()} == {held.lease.fence}
        await held.let_go()

    story(tell)


def test_what_is_left_unfinished_stays_closed_in_both_places(clone: Clone) -> None:
    async def tell() -> None:
        held = await taken(clone)
        await held.let_go("production", RUN, "it broke off")
        assert clone.states == {"staging": ("free", RUN), "production": ("suspended", RUN)}
        assert (clone.here("staging"), clone.here("production")) == (None, ("suspended", RUN))

    story(tell)


@pytest.mark.parametrize("team", [True, False])
def test_what_another_run_left_is_closed_under_its_name_and_it_can_go_on(clone: Clone, team: bool) -> None:
    """A rollback took its place, and nothing came of the rollback."""
    clone.alone = not team

    async def tell() -> None:
        held = await taken(clone, "r2")
        await held.let_go("production", RUN, "it broke off")
        assert clone.here("production") == ("suspended", RUN)
        with pytest.raises(LockHeld):
            await taken(clone, "r3", ("production",))
        again = await taken(clone, RUN, ("production",))
        await again.let_go()

    story(tell)


def test_a_local_lock_that_is_refused_leaves_the_teams_as_it_was_under_a_higher_fence(clone: Clone) -> None:
    left = LockRecord(8, "suspended", RUN, "bob", why="it broke off", nonce="s1")
    clone.commons.shared.locks.update(staging=left, production=LockRecord(5, "free", "r0", nonce="f1"))
    eve = LocalLocks(clone.home / "locks", pid=os.getppid()).acquire(("production",), "offline", "eve")

    async def tell() -> None:
        with pytest.raises(LockHeld, match="another run holds production"):
            await taken(clone)
        locks = clone.commons.shared.locks
        assert locks["staging"]._replace(fence=8, nonce="s1") == left
        assert clone.states["production"] == ("free", "r0")
        assert locks["staging"].fence == locks["production"].fence > eve.fence
        assert clone.here("production") == ("held", "offline"), "and its holder has noticed nothing"

    story(tell)


def test_a_full_disk_here_gives_the_teams_lock_back(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **more: Any) -> None:
        raise HotfixError("the lock cannot be written", detail="no space left")

    monkeypatch.setattr(clone.project.locks, "acquire", full)

    async def tell() -> None:
        with pytest.raises(HotfixError, match="cannot be written"):
            await taken(clone)
        assert {state for state, _ in clone.states.values()} == {"free"}

    story(tell)


def test_one_that_cannot_be_given_back_does_not_hide_who_holds_it(clone: Clone) -> None:
    LocalLocks(clone.home / "locks", pid=os.getppid()).acquire(("production",), "offline", "eve")

    async def tell() -> None:
        def then_silence(change: object) -> None:
            clone.commons.unreachable = clone.commons.tried > 1

        clone.commons.sees = then_silence
        with pytest.raises(LockHeld, match="another run holds production"):
            await taken(clone)

    story(tell)


def test_who_insists_takes_no_other_runs_lock_here(clone: Clone) -> None:
    LocalLocks(clone.home / "locks", pid=os.getppid()).acquire(("production",), "offline", "eve")

    async def tell() -> None:
        with pytest.raises(LockHeld):
            await taken(clone, insist=True)
        held = await taken(clone, "offline", ("production",), insist=True)
        await held.let_go()

    story(tell)


def test_after_it_is_lost_only_this_machines_lock_is_let_go(clone: Clone) -> None:
    async def tell() -> None:
        held = await taken(clone)
        theirs = LockRecord(99, "held", "r2", process=BOB, ttl=90.0, nonce="t1")
        clone.commons.shared.locks["production"] = theirs
        lost: list[str] = []
        held.lost = lost.append
        assert held.courier is not None
        with pytest.raises(LockLost):
            await held.courier.carry()
        with pytest.raises(LockLost):
            await held.push(["x:refs/tags/v9"], {})
        await held.let_go("production", RUN, "lost")
        assert len(lost) == 1 and clone.commons.shared.locks["production"] == theirs
        assert clone.commons.shared.effects == []
        assert clone.here("staging") is None

    story(tell)


def test_a_team_that_is_silent_at_the_end_is_said_and_holds_nobody_up(
    clone: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    async def tell() -> None:
        held = await taken(clone)
        clone.commons.unreachable = True
        await held.let_go()
        assert clone.here("production") is None

    story(tell)
    assert "the team's lock was not let go" in capsys.readouterr().err


def test_a_local_lock_that_cannot_be_freed_frees_the_teams_all_the_same(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any, **more: Any) -> None:
        raise HotfixError("the lock cannot be written")

    async def tell() -> None:
        held = await taken(clone)
        monkeypatch.setattr(clone.project.locks, "release", full)
        with pytest.raises(HotfixError, match="cannot be written"):
            await held.let_go()
        assert {state for state, _ in clone.states.values()} == {"free"}

    story(tell)


def test_a_frozen_place_is_frozen_again_however_many_have_got_through(clone: Clone) -> None:
    clone.commons.shared.locks["production"] = LockRecord(5, "frozen", "", "carl", "until Monday", 50.0, nonce="f1")

    async def tell() -> None:
        with pytest.raises(LockHeld, match="frozen"):
            await taken(clone)
        first = await taken(clone, "r1", ("production",), takeover=True)
        second = await taken(clone, "r2", ("production",), takeover=True)
        await first.let_go()
        assert clone.states["production"] == ("held", "r2")
        await second.let_go()
        record = clone.commons.shared.locks["production"]
        assert (record.state, record.beneath) == ("frozen", Freeze("carl", "until Monday", 50.0))
        assert record.fence == second.lease.fence

    story(tell)


def test_a_way_back_does_not_wait_for_a_silent_team(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sharing, "BACK_WAITS", 0.2)
    theirs = LockRecord(int(clone.clock()), "held", "r0", process=BOB, ttl=90.0, nonce="t1")
    clone.commons.shared.locks["production"] = theirs

    async def tell(hangs: bool) -> None:
        clone.commons.hangs, clone.commons.unreachable = hangs, not hangs
        held = await take_for_the_way_back(clone.project, ("production",), RUN, "rollback", takeover=True)
        assert held.courier is None and held.lease.fence > theirs.fence
        assert clone.here("production") == ("held", RUN) and clone.carried.known() == {RUN: 0}
        assert held.cut_off == ""
        await held.let_go()

    for hangs in (True, False):
        story(lambda hangs=hangs: tell(hangs))  # type: ignore[misc]
    said = capsys.readouterr().err
    assert "under this machine's lock alone: no answer within 0.2 s" in said
    assert "under this machine's lock alone: the shared place does not answer" in said


def test_a_way_back_does_not_ask_again_who_has_just_not_answered(
    clone: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    async def tell() -> None:
        clone.project.team_is_silent = True
        clone.commons.hangs = True
        held = await take_for_the_way_back(clone.project, ("production",), RUN, "rollback", takeover=True)
        assert held.courier is None and clone.commons.tried == 0
        assert clone.here("production") == ("held", RUN) and clone.carried.known() == {RUN: 0}
        await held.let_go()

    story(tell)
    assert "under this machine's lock alone: it was asked just now" in capsys.readouterr().err


def test_a_deploy_waits_for_the_team_and_says_how_to_go_without(clone: Clone) -> None:
    clone.commons.unreachable = True

    async def tell() -> None:
        with pytest.raises(Unreachable) as refused:
            await taken(clone)
        assert "--offline" in refused.value.next_step
        assert clone.here("production") is None
        held = await taken(clone, offline=True)
        assert held.lease.fence > int(clone.clock()) - 5
        await held.let_go()

    story(tell)


def test_offline_is_above_every_fence_that_was_given_here(clone: Clone) -> None:
    async def tell() -> None:
        ahead = int(clone.clock()) + 1000
        clone.project.locks.acquire(("production",), "r0", "ada", fence=ahead)
        held = await taken(clone, "r0", ("production",), offline=True, insist=True)
        assert held.lease.fence == ahead + 1
        await held.let_go()

    story(tell)


def test_the_runs_that_had_not_let_go_are_named_once_each_those_nearest_to_customers_first(clone: Clone) -> None:
    locks = clone.commons.shared.locks
    locks["staging"] = LockRecord(5, "held", "r5", process=BOB, ttl=90.0, nonce="a")
    locks["production"] = LockRecord(6, "suspended", "r6", nonce="b")
    clone.commons.shared.events["r6"] = numbered([started("r6")])

    async def tell() -> None:
        held = await taken(clone, takeover=True)
        assert held.taken_from == (("production", "r6"), ("staging", "r5"))
        await held.let_go()

    story(tell)


def test_without_a_place_of_git_what_is_pushed_goes_by_git_alone(clone: Clone) -> None:
    """And the lock is seen to first, in its own place."""
    pushed: list[object] = []

    async def push(refspecs: object, *, leases: object) -> None:
        pushed.append((refspecs, clone.commons.tried))

    async def tell() -> None:
        held = await taken(clone)
        await held.push(["x:refs/tags/v9"], {})
        assert clone.commons.shared.effects[0].refspecs == ("x:refs/tags/v9",)
        clone.project.place = "local"  # any other than git
        clone.project.git.push = push  # type: ignore[method-assign, assignment]
        before = clone.commons.tried
        await held.push(["x:refs/tags/v9"], {})
        assert pushed == [(["x:refs/tags/v9"], before + 1)]
        await held.let_go()

    story(tell)
