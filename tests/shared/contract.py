"""What every `Commons` must do. A test module subclasses `CommonsContract` and says how its commons are opened."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.test_events import EVENTS
from tests.journal.contract import asking, report, started
from tests.shared.contention import Make, contend

from hotfix_deploy_runner.core.events import AnyEvent, StepEnded
from hotfix_deploy_runner.core.step import Ended
from hotfix_deploy_runner.doors.process_mark import ProcessMark
from hotfix_deploy_runner.errors import LockLost
from hotfix_deploy_runner.lock.record import LockRecord
from hotfix_deploy_runner.shared.commons import Change, Commons, Numbered, Seen

T = TypeVar("T")

RUN, LATER_RUN = "r-20261123-030000-ab12", "r-20261124-030000-cd34"

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
FOUND = st.lists(st.dictionaries(TEXTS, VALUES, max_size=3), min_size=1, max_size=4)

EACH_PLACE_ITS_OWN = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]


def play(make_commons: Make, story: Callable[[Commons], Awaitable[T]]) -> T:
    """What `story` returns, told with a commons of its own."""

    async def played() -> T:
        commons = make_commons()
        try:
            return await story(commons)
        finally:
            await commons.aclose()

    return asyncio.run(played())


def lock(nonce: str, fence: int = 1, **more: Any) -> LockRecord:
    process = ProcessMark(host="ops-1", boot="b1", pid=7, started="99")
    return LockRecord(fence, "held", RUN, "ada", "", 100.0, process, ttl=90.0, nonce=nonce, **more)


def numbered(events: list[AnyEvent], after: int = 0) -> list[Numbered]:
    return [Numbered(seq, event) for seq, event in enumerate(events, after + 1)]


def begun(run: str = RUN, *more: AnyEvent, at: float = 100.0) -> Change:
    """A run that begins."""
    return Change(run=run, events=numbered([started(run, at), *more]))


async def everything(commons: Commons) -> tuple[object, ...]:
    """All that there is of one run, to be compared."""
    return await commons.look(), await commons.runs(), await commons.events(RUN), await commons.requests(RUN)


class CommonsContract:
    """Needs a fixture `make_commons: Make`, which opens the same place each time; each test has a place of its own."""

    rounds = 10
    contenders = 5

    def test_a_place_where_nothing_was_written(self, make_commons: Make) -> None:
        async def story(commons: Commons) -> None:
            assert commons.name
            assert await everything(commons) == ({}, [], [], [])
            assert await commons.look(["production"]) == {"production": Seen("", LockRecord())}

        play(make_commons, story)

    def test_a_lock_that_was_never_there_is_won_once(self, make_commons: Make) -> None:
        async def story(commons: Commons) -> None:
            tokens = await commons.change(Change(locks={"production": lock("n1", why="é “x”")}))
            with pytest.raises(LockLost):
                await make_commons().change(Change(locks={"production": lock("n2")}))
            seen = Seen(tokens["production"], lock("n1", why="é “x”"))
            assert await make_commons().look(["production"]) == await commons.look() == {"production": seen}

        play(make_commons, story)

    def test_a_swap_names_what_it_replaces(self, make_commons: Make) -> None:
        async def story(commons: Commons) -> None:
            first = await commons.change(Change(locks={"production": lock("n1")}))
            second = await commons.change(Change(first, {"production": lock("n2", 2)}))
            assert second != first
            for stale in (first, {}, {"production": "never"}):
                with pytest.raises(LockLost):
                    await commons.change(Change(stale, {"production": lock("n3", 3)}))
            assert await commons.look(["production"]) == {"production": Seen(second["production"], lock("n2", 2))}

        play(make_commons, story)

    def test_environments_with_odd_names_are_apart(self, make_commons: Make) -> None:
        names = ["production", "Production", "eu/west.1", "prod 2%41", "é"]

        async def story(commons: Commons) -> None:
            tokens = await commons.change(Change(locks={name: lock(f"n-{name}") for name in names}))
            seen = {name: Seen(tokens[name], lock(f"n-{name}")) for name in names}
            assert await commons.look() == await make_commons().look(names) == seen

        play(make_commons, story)

    def test_a_change_that_is_repeated_is_done(self, make_commons: Make) -> None:
        async def story(commons: Commons) -> None:
            await commons.change(begun())
            await commons.ask(RUN, asking("q-1"))
            locks = {"staging": lock("n1"), "production": lock("n2")}
            change = Change({}, locks, RUN, 1, numbered([report("x"), report("y")], 1), ("q-1",))
            tokens = await commons.change(change)
            before = await everything(commons)
            assert await commons.change(change) == tokens
            assert await make_commons().change(change) == tokens
            assert await everything(commons) == before
            assert len(await commons.events(RUN)) == 3

        play(make_commons, story)

    def test_after_a_repeated_change_the_next_follows(self, make_commons: Make) -> None:
        """Also where the one who repeats it does not know that it had arrived: another object has sent it."""

        async def story(commons: Commons) -> None:
            first = Change(locks={"production": lock("n1")}, run=RUN, events=numbered([started(RUN)]))
            await make_commons().change(first)
            tokens = await commons.change(first)
            tokens = await commons.change(
                Change(tokens, {"production": lock("n2")}, RUN, 1, numbered([report("x")], 1), ("never-asked",))
            )
            await commons.change(Change(tokens, {"production": lock("n3")}, RUN, 2))
            await commons.change(Change(run=RUN, after=2, events=numbered([report("y")], 2)))
            assert await commons.events(RUN) == numbered([started(RUN), report("x"), report("y")])

        play(make_commons, story)

    def test_a_run_whose_beginning_arrived_unheard_goes_on(self, make_commons: Make) -> None:
        async def story(commons: Commons) -> None:
            found = StepEnded(at=101.0, step="one", ended=Ended.PASSED, found={"files": ("read", "as", "a", "list")})
            await make_commons().change(begun(RUN, found))
            await commons.change(begun(RUN, found))
            await commons.change(Change(run=RUN, after=2, events=numbered([report("two")], 2)))
            assert [one.seq for one in await commons.events(RUN)] == [1, 2, 3]

        play(make_commons, story)

    def test_events_follow_what_is_there(self, make_commons: Make) -> None:
        async def story(commons: Commons) -> None:
            await commons.change(begun(RUN, report("one")))
            for after in (0, 1, 3):
                wrong: list[AnyEvent] = [started(RUN), report("no")] if after == 0 else [report("no")]
                with pytest.raises(LockLost):
                    await make_commons().change(Change(run=RUN, after=after, events=numbered(wrong, after)))
            with pytest.raises(LockLost):
                await commons.change(Change(run=LATER_RUN, after=1, events=numbered([report("no")], 1)))
            await commons.change(Change(run=RUN, after=2, events=numbered([report("two")], 2)))
            expected = numbered([started(RUN), report("one"), report("two")])
            assert await commons.events(RUN) == await make_commons().events(RUN) == expected
            assert [await commons.events(RUN, after) for after in (2, 3)] == [expected[2:], []]

        play(make_commons, story)

    def test_every_kind_of_event_comes_back_as_it_was(self, make_commons: Make) -> None:
        async def story(commons: Commons) -> list[Numbered]:
            await commons.change(Change(run=RUN, events=numbered(EVENTS)))
            return await make_commons().events(RUN)

        assert play(make_commons, story) == numbered(EVENTS)

    @settings(max_examples=10, deadline=None, suppress_health_check=EACH_PLACE_ITS_OWN)
    @given(data=st.data())
    def test_whatever_an_event_holds_comes_back(self, make_commons: Make, data: st.DataObject) -> None:
        run = f"r-{next(self._numbers)}"
        events: list[AnyEvent] = [started(run)]
        for found in data.draw(FOUND):
            events.append(StepEnded(at=data.draw(st.floats(0, 1e10)), step="x", ended=Ended.PASSED, found=found))

        async def story(commons: Commons) -> list[Numbered]:
            await commons.change(Change(run=run, events=numbered(events)))
            return await make_commons().events(run)

        assert play(make_commons, story) == numbered(events)

    _numbers = itertools.count(1)

    def test_runs_are_listed_newest_first(self, make_commons: Make) -> None:
        async def story(commons: Commons) -> list[str]:
            await commons.change(begun(LATER_RUN, at=200.0))
            await commons.change(begun(RUN, at=100.0))
            return await make_commons().runs()

        assert play(make_commons, story) == [LATER_RUN, RUN]

    def test_requests_wait_until_they_are_received(self, make_commons: Make) -> None:
        async def story(commons: Commons) -> None:
            first, second, other = asking("z", at=150.0), asking("a", at=151.0, verb="abort"), asking("o")
            for request in (first, second, first):
                await make_commons().ask(RUN, request)
            await commons.ask(LATER_RUN, other)
            await commons.change(begun())
            assert await commons.requests(RUN) == [first, second]
            await commons.change(Change(run=RUN, after=1, events=numbered([report("x")], 1), received=("z",)))
            assert await commons.requests(RUN) == await make_commons().requests(RUN) == [second]
            assert await commons.requests(LATER_RUN) == [other]

        play(make_commons, story)

    def test_a_change_is_made_as_a_whole_or_not_at_all(self, make_commons: Make) -> None:
        async def story(commons: Commons) -> None:
            tokens = await commons.change(Change(locks={"staging": lock("s1"), "production": lock("p1")}))
            await commons.change(begun())
            await commons.ask(RUN, asking("q-1"))
            locks = {"staging": lock("s2", 2), "production": lock("p2", 2)}
            good = Change(tokens, locks, RUN, 1, numbered([report("x")], 1), ("q-1",))
            before = await everything(commons)
            wrong = [
                msgspec.structs.replace(good, expected={**tokens, "production": "other"}),
                msgspec.structs.replace(good, expected={**tokens, "staging": ""}),
                msgspec.structs.replace(good, after=2, events=numbered([report("x")], 2)),
                msgspec.structs.replace(good, after=0, events=numbered([started(RUN, 1.0)])),
            ]
            for change in wrong:
                with pytest.raises(LockLost):
                    await make_commons().change(change)
                assert await everything(commons) == before
            await commons.change(good)
            assert {one: seen.record for one, seen in (await commons.look()).items()} == locks
            assert len(await commons.events(RUN)) == 2
            assert await commons.requests(RUN) == []

        play(make_commons, story)

    def test_many_calls_may_be_under_way_at_once(self, make_commons: Make) -> None:
        async def story(commons: Commons) -> None:
            await commons.change(begun())
            asked = [asking(f"q-{number}", at=float(number)) for number in range(8)]
            renewed = commons.change(Change(locks={"production": lock("n1")}))
            await asyncio.gather(renewed, commons.events(RUN), *(commons.ask(RUN, request) for request in asked))
            assert sorted(request.id for request in await commons.requests(RUN)) == [one.id for one in asked]

        play(make_commons, story)

    @pytest.mark.slow
    def test_of_several_machines_that_want_a_lock_at_once_one_wins(self, make_commons: Make) -> None:
        wins = contend(make_commons, self.contenders, self.rounds)
        assert [len(winners) for winners in wins] == [1] * self.rounds
        ((_, record),) = play(make_commons, lambda commons: commons.look()).values()
        assert (record.fence, record.run) == (self.rounds, wins[-1][0])
