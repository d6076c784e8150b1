"""The rules of taking: one by one, and then in any order, by any number of machines whose clocks are never compared."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.commons import FakeCommons, Shared
from tests.fakes.virtual_time import now, play

from hotfix_deploy_runner.doors.process_mark import ProcessMark, mark
from hotfix_deploy_runner.errors import LockHeld, LockLost, Unreachable, UsageError
from hotfix_deploy_runner.lock.record import Freeze, LockRecord
from hotfix_deploy_runner.shared.commons import Change, Seen
from hotfix_deploy_runner.shared.courier import Courier
from hotfix_deploy_runner.shared.locks import Hold, SharedLocks, fresh
from hotfix_deploy_runner.shared.sightings import Sightings

TTL, PATIENCE = 90.0, 120.0
FIRST = 1_795_402_801
"""The first fence by these machines' clocks."""
BOTH = ("staging", "production")


class Machine:
    """One clone on a machine of its own, whose clock since boot has nothing to do with anybody else's."""

    def __init__(self, folder: Path, shared: Shared, name: str = "ada", ahead: float = 0.0) -> None:
        self.name, self.commons, self.ahead = name, FakeCommons(shared), ahead
        self.mark = ProcessMark(f"host-{name}", 7, "99", f"boot-{name}")
        self.sightings = Sightings(folder / f"{name}.json", self.since_boot)
        self.holds: list[Courier] = []

    def since_boot(self) -> float:
        return now() + self.ahead

    @property
    def locks(self) -> SharedLocks:
        """As a command of its own has them."""
        return SharedLocks(self.commons, self.mark, self.sightings, clock=lambda: FIRST, since_boot=self.since_boot)

    async def take(self, run: str = "", environments: tuple[str, ...] = ("production",), **more: Any) -> Hold:
        return await self.locks.take(environments, run or f"run-of-{self.name}", self.name, **more)


Machines = Callable[..., Machine]


@pytest.fixture
def shared() -> Shared:
    return Shared()


@pytest.fixture
def machine(tmp_path: Path, shared: Shared) -> Machines:
    return lambda name="ada", ahead=0.0: Machine(tmp_path, shared, name, ahead)


def frozen(why: str = "until Monday") -> LockRecord:
    return LockRecord(5, "frozen", "", "carl", why, 50.0, nonce="f1")


def test_all_are_taken_or_none_under_one_fence_above_every_earlier_one(machine: Machines, shared: Shared) -> None:
    shared.locks["production"] = LockRecord(41, nonce="p1")

    async def story() -> None:
        hold = await machine().take(environments=(*BOTH, "staging"))
        assert hold.fence == FIRST and {record.fence for record in shared.locks.values()} == {FIRST}
        assert [record.state for record in shared.locks.values()] == ["held", "held"]
        assert (hold.tokens, hold.taken["production"].fence) == ({k: v.nonce for k, v in shared.locks.items()}, 41)

    play(story)


def test_one_more_than_the_last_and_above_what_is_known_elsewhere(machine: Machines, shared: Shared) -> None:
    shared.locks["production"] = LockRecord(41, nonce="p1")

    async def story() -> None:
        assert (await machine().take()).fence == 42
        assert (await machine().take(above=90, takeover=True)).fence == 91

    play(story)


def test_where_one_is_held_none_is_taken_and_the_holder_is_named(machine: Machines, shared: Shared) -> None:
    async def story() -> None:
        await machine("bob").take(environments=("production",))
        before = dict(shared.locks)
        with pytest.raises(LockHeld, match="another run holds production") as refused:
            await machine().take(environments=BOTH)
        assert "run-of-bob of bob, process 7 on host-bob" in refused.value.detail
        assert 119 < refused.value.free_in <= PATIENCE
        assert shared.locks == before

    play(story)


def test_who_comes_second_at_the_same_moment_is_told_who_was_first(machine: Machines, shared: Shared) -> None:
    async def story() -> None:
        found = await asyncio.gather(*(machine(name).take() for name in ("ada", "bob", "eve")), return_exceptions=True)
        (won,) = [one for one in found if isinstance(one, Hold)]
        lost = [one for one in found if isinstance(one, LockHeld)]
        assert len(lost) == 2 and all(won.run in one.detail for one in lost)

    play(story)


def test_a_holder_is_taken_over_after_two_minutes_in_which_nothing_changed(machine: Machines, shared: Shared) -> None:
    async def story() -> None:
        first = await machine("bob").take()
        ada = machine(ahead=9e6)
        with pytest.raises(LockHeld):
            await ada.take()
        await asyncio.sleep(PATIENCE)
        with pytest.raises(LockHeld):
            await ada.take()
        await asyncio.sleep(1)
        hold = await ada.take()
        assert (hold.fence, hold.taken_from) == (first.fence + 1, {"production": "run-of-bob"})

    play(story)


def test_silence_is_not_what_somebody_else_has_seen(machine: Machines, shared: Shared) -> None:
    """Long silent, and seen only now: it could have been renewed a moment ago."""

    async def story() -> None:
        await machine("bob").take()
        await asyncio.sleep(10 * PATIENCE)
        with pytest.raises(LockHeld):
            await machine().take()

    play(story)


def test_the_silence_of_several_environments_is_one(machine: Machines, shared: Shared) -> None:
    async def story() -> None:
        await machine("bob").take(environments=BOTH)
        ada = machine()
        with pytest.raises(LockHeld, match="staging"):
            await ada.take(environments=BOTH)
        await asyncio.sleep(PATIENCE + 1)
        await ada.take(environments=BOTH)

    play(story)


def test_a_renewal_is_a_sign_of_life(machine: Machines, shared: Shared) -> None:
    async def story() -> None:
        await machine("bob").take()
        ada = machine()
        for _ in range(3):
            with pytest.raises(LockHeld):
                await ada.take()
            await asyncio.sleep(PATIENCE - 1)
            shared.locks["production"] = fresh(shared.locks["production"])

    play(story)


@pytest.mark.parametrize("state", ["held", "suspended", "frozen"])
def test_a_takeover_takes_from_anybody_at_once(machine: Machines, shared: Shared, state: Any) -> None:
    shared.locks["production"] = LockRecord(7, state, "theirs", ttl=TTL, nonce="t1", process=machine("bob").mark)

    async def story() -> None:
        with pytest.raises(LockHeld):
            await machine().take()
        assert (await machine().take(takeover=True)).fence == 8

    play(story)


def test_what_a_run_left_is_its_own(machine: Machines, shared: Shared) -> None:
    shared.locks["production"] = LockRecord(7, "suspended", "r1", "bob", nonce="t1")

    async def story() -> None:
        with pytest.raises(LockHeld, match="run r1 left production unfinished") as refused:
            await machine().take("r2")
        assert refused.value.next_step == "hotfix-deploy-runner resume r1, or abort r1"
        assert refused.value.free_in == 0, "no silence frees it"
        await machine().take("r1")

    play(story)


def test_who_insists_takes_it_from_another_process_of_the_same_run_only(machine: Machines, shared: Shared) -> None:
    async def story() -> None:
        await machine("bob").take("r1")
        for asked in ({"run": "r1"}, {"run": "r2", "insist": True}):
            with pytest.raises(LockHeld):
                await machine().take(**asked)
        await machine().take("r1", insist=True)

    play(story)


def test_a_process_of_this_boot_that_is_gone_is_not_waited_for(machine: Machines, shared: Shared) -> None:
    async def story() -> None:
        ada = machine()
        ada.mark = mark(os.getpid())
        gone = ada.mark._replace(pid=2**22 + 1, started="1")
        shared.locks["production"] = LockRecord(7, "held", "r1", ttl=TTL, nonce="t1", process=gone)
        assert (await ada.take()).fence == 8
        shared.locks["production"] = shared.locks["production"]._replace(process=gone._replace(boot="another"))
        with pytest.raises(LockHeld):
            await ada.take()

    play(story)


def test_a_lock_that_is_kept_elsewhere_is_nobodys_to_take(machine: Machines, shared: Shared) -> None:
    shared.locks["production"] = LockRecord(7, "elsewhere", why="PostgreSQL at db", nonce="t1")

    async def story() -> None:
        for takeover in (False, True):
            with pytest.raises(UsageError, match="is kept in PostgreSQL at db, not in the shared place"):
                await machine().take(takeover=takeover)

    play(story)


def test_a_freeze_is_beneath_the_run_that_gets_through_and_whoever_takes_its_place(
    machine: Machines, shared: Shared
) -> None:
    shared.locks["production"] = frozen()

    async def story() -> None:
        with pytest.raises(LockHeld, match="production is frozen: until Monday"):
            await machine().take(environments=BOTH)
        await machine().take(environments=BOTH, takeover=True)
        await machine("bob").take(environments=BOTH, takeover=True)
        left = {one: record.let_go() for one, record in shared.locks.items()}
        assert left["staging"].state == "free"
        assert left["production"]._replace(fence=5, nonce="f1") == frozen()
        assert left["production"].fence == FIRST + 1

    play(story)


def test_a_run_that_died_beyond_a_freeze_lets_no_deploy_through_but_itself(machine: Machines, shared: Shared) -> None:
    shared.locks["production"] = frozen()

    async def story() -> None:
        await machine("bob").take("back", takeover=True)
        with pytest.raises(LockHeld):
            await machine().take()
        await asyncio.sleep(PATIENCE + 1)
        with pytest.raises(LockHeld, match="production is frozen: until Monday") as refused:
            await machine().take()
        assert "takeover --target production" in refused.value.next_step and refused.value.free_in == 0
        await machine().take("back")

    play(story)


def test_nothing_beneath_is_left_free() -> None:
    assert LockRecord(3, "held", "r1", why="x").let_go() == LockRecord(3, "free", "r1")
    assert LockRecord(3, "suspended", freeze=Freeze("carl", "x", 5.0)).let_go().state == "frozen"


def test_the_dead_are_waited_for_until_they_count_as_dead(machine: Machines, shared: Shared) -> None:
    async def story() -> None:
        await machine("bob").take()
        ada, told, begun = machine(), list[str](), now()
        hold = await ada.locks.take_from_the_dead(("production",), ada.take, told.append)
        assert PATIENCE < now() - begun < PATIENCE + 10
        assert hold.run == "run-of-ada" and len(told) == 1 and "of bob" in told[0]

    play(story)


def test_a_sign_of_life_ends_the_wait_and_that_of_another_environment_does_not(
    machine: Machines, shared: Shared
) -> None:
    async def renewing(environment: str, after: float) -> None:
        await asyncio.sleep(after)
        while True:
            shared.locks[environment] = fresh(shared.locks[environment])
            await asyncio.sleep(20)

    async def story() -> None:
        await machine("bob").take()
        await machine("eve").take(environments=("eu",))
        others = asyncio.create_task(renewing("eu", 1))
        ada, begun = machine(), now()
        await ada.locks.take_from_the_dead(("production",), ada.take, lambda whom: None)
        assert now() - begun > PATIENCE
        living = asyncio.create_task(renewing("production", 42))
        begun = now()
        with pytest.raises(LockHeld):
            await machine("carl").locks.take_from_the_dead(("production",), machine("carl").take, lambda whom: None)
        assert 42 < now() - begun < 50
        others.cancel()
        living.cancel()

    play(story)


def test_a_place_that_is_silent_takes_nothing(machine: Machines, shared: Shared) -> None:
    async def story() -> None:
        ada = machine()
        ada.commons.unreachable = True
        with pytest.raises(Unreachable):
            await ada.take()
        assert shared.locks == {}

    play(story)


# In any order

NAMES = ("ada", "bob", "eve")
DOINGS = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["take", "take", "roll back", "let go", "cut", "mend", "lose an answer", "die", "freeze", "thaw"]),
    st.sampled_from([0.0, 1.0, 25.0, 70.0, 125.0]),
)


@dataclass
class Holding:
    """What a machine believes to hold. `superseded` by a rollback, which takes from the living too."""

    courier: Courier
    hold: Hold
    superseded: bool = False

    @property
    def believes(self) -> bool:
        return not self.courier.gone and self.courier.left > 0


@dataclass
class Town:
    """Machines that do as they are told, and what must hold of them all after each doing."""

    folder: Path
    shared: Shared = field(default_factory=Shared)
    holdings: dict[str, Holding] = field(default_factory=dict)
    fences: list[int] = field(default_factory=list)
    frozen: bool = False

    def __post_init__(self) -> None:
        aheads = dict(zip(NAMES, (0.0, -7e5, 3e6), strict=True))
        self.machines = {name: Machine(self.folder, self.shared, name, aheads[name]) for name in NAMES}
        for machine in self.machines.values():
            machine.commons.slow = 4.0

    async def do(self, name: str, doing: str) -> None:
        machine, holding = self.machines[name], self.holdings.get(name)
        match doing:
            case "take" | "roll back" if holding is None:
                await self._take(machine, takeover=doing == "roll back")
            case "let go" | "die" if holding is not None:
                del self.holdings[name]
                await self._leave(holding, dies=doing == "die")
            case "cut" | "mend":
                machine.commons.unreachable = doing == "cut"
            case "lose an answer":
                machine.commons.loses_answers += 1
            case "freeze" | "thaw":
                self._freeze(thaw=doing == "thaw")

    async def _take(self, machine: Machine, *, takeover: bool) -> None:
        try:
            hold = await machine.take(f"{machine.name}-{len(self.fences)}", takeover=takeover)
        except (LockHeld, Unreachable):
            return
        for other in self.holdings.values():
            assert takeover or other.superseded or not other.believes, "two hold it at once"
            other.superseded = other.superseded or takeover
        assert takeover or not self.frozen, "a deploy got through a freeze"
        self.fences.append(hold.fence)
        courier = Courier(machine.commons, hold, type("Inbox", (), {})(), clock=machine.since_boot)
        courier.begin()
        self.holdings[machine.name] = Holding(courier, hold)

    async def _leave(self, holding: Holding, *, dies: bool) -> None:
        for task in holding.courier._tasks if dies else ():
            task.cancel()
        if not dies:
            try:
                await holding.courier.close({one: lock.let_go() for one, lock in holding.hold.locks.items()}, 10)
            except (LockLost, Unreachable):
                return

    def _freeze(self, *, thaw: bool) -> None:
        record = self.shared.locks.get("production", LockRecord())
        if thaw and record.state == "frozen":
            self.shared.locks["production"] = fresh(record._replace(state="free"))
            self.frozen = False
        elif not thaw and record.state == "free":
            self.shared.locks["production"] = fresh(
                record._replace(state="frozen", since=now(), fence=record.fence or 1)
            )
            self.frozen = True

    def check(self) -> None:
        believing = [one for one in self.holdings.values() if one.believes and not one.superseded]
        assert len(believing) <= 1, "two hold it at once"
        assert self.fences == sorted(set(self.fences)), "a fence came again, or went back"
        record = self.shared.locks.get("production", LockRecord())
        assert (record.state == "frozen" or record.freeze.since > 0) == self.frozen, "a freeze was lost, or came back"


@settings(deadline=None, max_examples=120)
@given(doings=st.lists(DOINGS, min_size=3, max_size=25))
def test_in_any_order_of_taking_dying_and_silence_one_holds_it_at_most(
    tmp_path_factory: pytest.TempPathFactory, doings: list[tuple[str, str, float]]
) -> None:
    async def story() -> None:
        town = Town(tmp_path_factory.mktemp("town"))
        for name, doing, wait in doings:
            await town.do(name, doing)
            town.check()
            await asyncio.sleep(wait)
            town.check()
        for holding in town.holdings.values():
            await town._leave(holding, dies=True)

    play(story)


def test_the_change_that_takes_names_what_it_replaces(machine: Machines, shared: Shared) -> None:
    async def story() -> None:
        ada = machine()
        seen = Seen("", LockRecord())
        await machine("bob").commons.change(Change({}, {"production": LockRecord(3, "free", nonce="x")}))
        with pytest.raises(LockLost):
            await ada.locks.write(["production"], LockRecord(4, "held", "r"), {"production": seen})

    play(story)
