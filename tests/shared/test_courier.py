"""Between a run and its team: what is written when, and what a lost answer or a silence leads to."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.commons import FakeCommons, Shared
from tests.fakes.virtual_time import now, play
from tests.journal.contract import asking, ended, received, report, started
from tests.shared.contract import RUN, lock, numbered

from hotfix_deploy_runner.core.events import AnyEvent, StepStarted
from hotfix_deploy_runner.errors import GitRefused, JournalBroken, LockLost, Unreachable
from hotfix_deploy_runner.journal.store import InboxRequest
from hotfix_deploy_runner.lock.record import LockRecord
from hotfix_deploy_runner.shared.commons import Change, Effects
from hotfix_deploy_runner.shared.courier import Courier
from hotfix_deploy_runner.shared.locks import Hold, fresh

TTL = 90.0
BEGUN: list[AnyEvent] = [started(RUN), report("a"), report("b")]
TAG = Effects(("x:refs/tags/v9",), {"refs/tags/v9": ""})


@dataclass
class Desk:
    """A courier at work on `production`, and what it says and brings."""

    commons: FakeCommons
    courier: Courier
    hold: Hold
    inbox: list[InboxRequest] = field(default_factory=list)
    broken: bool = False
    lost: list[str] = field(default_factory=list)
    carried: list[int] = field(default_factory=list)
    shown: int = 0

    def ask(self, run: str, request: InboxRequest) -> None:
        if self.broken:
            raise JournalBroken("the disk is full")
        self.inbox.append(request)

    def show(self, *events: AnyEvent) -> None:
        """These have happened next."""
        for event in events:
            self.shown += 1
            self.courier.event(self.shown, event)

    @property
    def shared(self) -> Shared:
        return self.commons.shared

    @property
    def there(self) -> list[AnyEvent]:
        """The run's events, as the team has them."""
        return [one.event for one in self.shared.events.get(RUN, [])]

    def take_over(self) -> None:
        """Somebody else has the lock now."""
        record = self.shared.locks["production"]
        self.shared.locks["production"] = record._replace(fence=record.fence + 1, run="other", nonce="theirs")


async def desk(shared: Shared | None = None) -> Desk:
    """One that has just taken the lock."""
    commons = FakeCommons(shared)
    record = commons.shared.locks["production"] = lock("n1")
    hold = Hold(RUN, 1, {"production": record}, {"production": "n1"}, {"production": LockRecord()}, now() + TTL)
    made: Desk

    def ask(run: str, request: InboxRequest) -> None:
        made.ask(run, request)

    courier = Courier(
        commons,
        hold,
        type("Inbox", (), {"ask": staticmethod(ask)})(),
        lost=lambda why: made.lost.append(why),
        carried=lambda last: made.carried.append(last),
        clock=asyncio.get_running_loop().time,
    )
    made = Desk(commons, courier, hold)
    return made


def at_work(story: Callable[[Desk], Awaitable[None]], shared: Shared | None = None) -> None:
    """Play the story with a courier that has begun; it is closed in the end, whatever comes of that."""

    async def told() -> None:
        made = await desk(shared)
        made.courier.begin()
        await story(made)
        made.commons.unreachable = made.commons.hangs = False
        await leave(made)

    play(told)


async def leave(made: Desk) -> None:
    with contextlib.suppress(LockLost):
        await made.courier.close({one: record.let_go() for one, record in made.hold.locks.items()}, 10)


def test_the_lock_is_renewed_every_twenty_seconds_with_what_is_pending() -> None:
    async def story(made: Desk) -> None:
        begun, fence = now(), made.shared.locks["production"].fence
        made.show(*BEGUN)
        await asyncio.sleep(61)
        assert len(made.shared.written) == 3
        assert [len(change.events) for change in made.shared.written] == [3, 0, 0]
        assert (made.there, made.carried, made.courier.behind) == (BEGUN, [3], 0)
        assert made.courier.left == begun + 60 + TTL - now()
        assert made.shared.locks["production"].fence == fence
        nonces = [change.locks["production"].nonce for change in made.shared.written]
        assert len(set(nonces)) == 3, "each is another value: who watches it sees a sign of life"

    at_work(story)


@pytest.mark.parametrize("event", [StepStarted(at=1.0, step="batch:x:1"), StepStarted(at=1.0, step="turn:x"), ended()])
def test_what_others_wait_for_is_carried_at_once(event: AnyEvent) -> None:
    async def story(made: Desk) -> None:
        made.show(*BEGUN, event)
        await asyncio.sleep(1)
        assert made.there == [*BEGUN, event]

    at_work(story)


@settings(deadline=None, max_examples=40)
@given(gaps=st.lists(st.floats(0, 30), min_size=5, max_size=25))
def test_whatever_happens_it_writes_less_than_six_times_a_minute(gaps: list[float]) -> None:
    async def story(made: Desk) -> None:
        written: list[float] = []
        made.commons.sees = lambda change: written.append(now())
        made.show(*BEGUN)
        for number, gap in enumerate(gaps):
            await asyncio.sleep(gap)
            made.show(StepStarted(at=now(), step=f"batch:x:{number}"))
            assert made.courier.cut_off == ""
        assert all(later - first > 59.999 for first, later in zip(written, written[5:], strict=False))

    at_work(story)


def test_an_outage_of_fifty_seconds_holds_nothing_up_and_a_longer_one_does() -> None:
    async def story(made: Desk) -> None:
        await asyncio.sleep(21)
        made.commons.unreachable = True
        for _ in range(29):
            await asyncio.sleep(1)
            assert made.courier.cut_off == ""
        made.commons.unreachable = False
        await asyncio.sleep(10)
        assert made.courier.left > 60, "it has tried again in time"
        made.commons.unreachable = True
        await asyncio.sleep(70)
        assert made.courier.cut_off == "the lock cannot be renewed: the shared place does not answer"
        made.commons.unreachable = False
        await asyncio.sleep(20)
        assert made.courier.cut_off == ""

    at_work(story)


def test_the_deadline_counts_from_when_the_writing_began() -> None:
    async def story(made: Desk) -> None:
        made.commons.slow = 8.0
        begun = now()
        await made.courier.carry()
        assert now() == begun + 8 and made.courier.left == TTL - 8

    at_work(story)


def test_a_change_of_which_nobody_knows_is_sent_again_as_it_was() -> None:
    async def story(made: Desk) -> None:
        made.show(*BEGUN)
        made.commons.loses_answers = 1
        with pytest.raises(Unreachable):
            await made.courier.carry()
        made.show(report("c"))
        await made.courier.carry()
        first, again, after = made.shared.written
        assert (again.locks, again.events, again.expected) == (first.locks, first.events, first.expected)
        assert [one.seq for one in after.events] == [4]
        assert made.there == [*BEGUN, report("c")]
        assert made.courier.gone == ""

    at_work(story)


def test_one_that_did_not_arrive_is_sent_again_with_its_events_in_order() -> None:
    async def story(made: Desk) -> None:
        made.show(*BEGUN)
        made.commons.unreachable = True
        with pytest.raises(Unreachable):
            await made.courier.carry()
        made.show(report("c"))
        made.commons.unreachable = False
        await made.courier.carry()
        assert made.there == [*BEGUN, report("c")]

    at_work(story)


def test_effects_go_with_a_new_lock_and_are_never_made_at_a_later_time() -> None:
    async def story(made: Desk) -> None:
        made.commons.unreachable = True
        with pytest.raises(Unreachable):
            await made.courier.carry(TAG)
        made.commons.unreachable = False
        await made.courier.carry()
        assert made.shared.effects == []
        await made.courier.carry(TAG)
        assert made.shared.effects == [TAG]
        with_it = made.shared.written[-1]
        assert with_it.locks and with_it.expected == {"production": made.shared.written[-2].locks["production"].nonce}

    at_work(story)


def test_a_refused_effect_loses_no_event_and_no_lock() -> None:
    async def story(made: Desk) -> None:
        made.show(*BEGUN)
        made.shared.refuses = "protected"
        with pytest.raises(GitRefused):
            await made.courier.carry(TAG)
        assert made.there == []
        await made.courier.carry()
        assert made.there == BEGUN and made.courier.gone == ""

    at_work(story)


def test_once_it_is_taken_over_it_says_so_once_and_writes_nothing_more() -> None:
    async def story(made: Desk) -> None:
        made.take_over()
        await asyncio.sleep(25)
        assert len(made.lost) == 1 and "somebody has taken over" in made.lost[0]
        tried = made.commons.tried
        made.show(*BEGUN)
        for effects in (None, TAG):
            with pytest.raises(LockLost):
                await made.courier.carry(effects)
        await asyncio.sleep(300)
        await leave(made)
        assert (made.commons.tried, len(made.lost)) == (tried, 1)
        assert made.shared.locks["production"].run == "other"

    at_work(story)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_whatever_is_lost_on_the_way_every_event_arrives_once_and_in_order(data: st.DataObject) -> None:
    """Answers and whole changes are lost, in any mixture; who is alone never takes itself for another."""

    async def story(made: Desk) -> None:
        all_of_them: list[AnyEvent] = []
        for number in range(data.draw(st.integers(1, 8))):
            made.commons.unreachable = data.draw(st.booleans())
            made.commons.loses_answers = data.draw(st.integers(0, 2))
            new: list[AnyEvent] = [started(RUN)] if not number else [report(str(number)), ended()]
            all_of_them += new
            made.show(*new)
            await asyncio.sleep(data.draw(st.floats(0, 40)))
        made.commons.unreachable, made.commons.loses_answers = False, 0
        await asyncio.sleep(130)
        assert (made.there, made.courier.gone) == (all_of_them, "")
        assert made.courier.cut_off == "" and made.carried[-1] == len(all_of_them)

    at_work(story)


def test_requests_are_brought_once_and_taken_away_when_they_were_received() -> None:
    async def story(made: Desk) -> None:
        made.show(*BEGUN)
        await made.commons.ask(RUN, asking("q-1"))
        await asyncio.sleep(10)
        assert made.inbox == [asking("q-1")]
        assert await made.commons.requests(RUN) == [asking("q-1")], "nobody has received it yet"
        made.show(received("q-1"))
        await asyncio.sleep(1)
        assert await made.commons.requests(RUN) == []
        assert made.there[-1] == received("q-1")

    at_work(story)


def test_one_that_the_runner_reads_before_the_courier_is_back_is_taken_away_too() -> None:
    async def story(made: Desk) -> None:
        made.show(*BEGUN)
        plain = made.ask

        def ask_and_be_read(run: str, request: InboxRequest) -> None:
            plain(run, request)
            made.show(received(request.id))

        made.ask = ask_and_be_read  # type: ignore[method-assign]
        await made.commons.ask(RUN, asking("q-1"))
        await asyncio.sleep(10)
        assert await made.commons.requests(RUN) == []

    at_work(story)


def test_what_was_received_before_the_run_was_gone_on_with_is_taken_away_and_not_asked_again() -> None:
    async def story(made: Desk) -> None:
        made.courier.known(4)
        made.shared.events[RUN] = numbered([*BEGUN, received("q-1")])
        await made.commons.ask(RUN, asking("q-1"))
        made.show(*BEGUN, received("q-1"))
        await asyncio.sleep(25)
        assert (made.inbox, await made.commons.requests(RUN)) == ([], [])

    at_work(story)


def test_one_that_could_not_be_put_into_the_inbox_is_tried_again() -> None:
    async def story(made: Desk) -> None:
        made.broken = True
        await made.commons.ask(RUN, asking("q-1"))
        await asyncio.sleep(5)
        made.broken = False
        await asyncio.sleep(5)
        assert made.inbox == [asking("q-1")]

    at_work(story)


def test_a_bug_in_one_renewal_does_not_end_them_all() -> None:
    async def story(made: Desk) -> None:
        def break_once(change: Change) -> None:
            if made.commons.tried == 1:
                raise KeyError("production")

        made.commons.sees = break_once
        await asyncio.sleep(25)
        assert "a bug in hotfix-deploy-runner: KeyError" in made.courier.why
        await asyncio.sleep(10)
        assert (made.courier.why, made.courier.left > TTL - 10) == ("", True)

    at_work(story)


def test_what_the_team_has_already_is_not_carried_again() -> None:
    shared = Shared(events={RUN: numbered(BEGUN)})

    async def story(made: Desk) -> None:
        made.courier.known(3)
        made.show(*BEGUN, report("c"))
        await made.courier.carry()
        assert made.there == [*BEGUN, report("c")] and made.courier.gone == ""

    at_work(story, shared)


def test_where_nobody_knows_what_the_team_has_the_lock_is_kept_and_no_event_is_carried() -> None:
    shared = Shared(events={RUN: numbered(BEGUN)})

    async def story(made: Desk) -> None:
        made.courier.keep_events_back()
        made.show(*BEGUN, report("c"), ended())
        await asyncio.sleep(60)
        assert (made.there, made.courier.gone, made.carried) == (BEGUN, "", [])
        assert made.courier.left > 60

    at_work(story, shared)


def test_closing_writes_what_is_left_with_the_lock_as_it_is_to_be() -> None:
    async def story(made: Desk) -> None:
        made.show(*BEGUN, ended())
        await leave(made)
        assert made.there[-1] == ended()
        assert made.shared.locks["production"].state == "free"
        written = len(made.shared.written)
        await asyncio.sleep(100)
        assert len(made.shared.written) == written, "nothing renews a lock that was let go"

    at_work(story)


def test_a_renewal_that_waits_for_the_closing_does_not_follow_it() -> None:
    async def story(made: Desk) -> None:
        made.commons.slow = 2.0
        closing = asyncio.create_task(leave(made))
        await asyncio.sleep(0.5)
        renewing = asyncio.create_task(made.courier.carry())
        await asyncio.wait([closing, renewing])
        assert [change.locks["production"].state for change in made.shared.written] == ["free"]

    at_work(story)


def test_closing_takes_no_longer_than_it_may_whatever_is_under_way() -> None:
    """A renewal that hangs in a dead connection included."""

    async def story(made: Desk) -> None:
        made.commons.hangs = True
        await asyncio.sleep(25)
        begun = now()
        with pytest.raises(Unreachable, match="within 1 s"):
            await made.courier.close({one: fresh(lock("x")) for one in made.hold.locks}, 1.0)
        assert now() - begun == 1.0

    at_work(story)


def test_who_is_cancelled_while_carrying_waits_for_what_became_of_it() -> None:
    async def story(made: Desk) -> None:
        made.commons.slow = 4.0
        carrying = asyncio.create_task(made.courier.carry(TAG))
        await asyncio.sleep(1)
        carrying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await carrying
        assert made.shared.effects == [TAG]
        made.commons.slow = 0.0
        await made.courier.carry()
        assert made.courier.gone == ""

    at_work(story)


def test_a_shorter_ttl_is_renewed_in_time_as_well() -> None:
    async def told() -> None:
        made = await desk()
        short = {"production": made.hold.locks["production"]._replace(ttl=6.0)}
        hold = msgspec.structs.replace(made.hold, locks=short, deadline=now() + 6)
        courier = Courier(made.commons, hold, made, clock=now)
        courier.begin()
        for _ in range(60):
            await asyncio.sleep(0.5)
            assert courier.cut_off == ""
        await courier.close(short, 1)

    play(told)
