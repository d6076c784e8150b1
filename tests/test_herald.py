"""Telling people, with channels that refuse, hang and break."""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.fakes.events import Story, good_deploy
from tests.fakes.notifier import FakeNotifier

from hotfix_deploy_runner import herald as module
from hotfix_deploy_runner.core.events import AnyEvent, NoticeFailed, NoticeTold
from hotfix_deploy_runner.core.notice import Notice, Thread
from hotfix_deploy_runner.core.notices import notices
from hotfix_deploy_runner.core.run import Run, apply, begin
from hotfix_deploy_runner.herald import Herald
from hotfix_deploy_runner.ports import Notifier


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.005)


class Broken(FakeNotifier):
    """A plug-in with a bug that shows in its first delivery."""

    async def tell(self, notice: Notice, thread: Thread | None) -> Thread | None:
        if not self.attempts:
            self.attempts += 1
            raise ZeroDivisionError("a bug")
        return await super().tell(notice, thread)


class Telling:
    """A story that is told over `channels`; `told` are the deliveries and failures that came of it."""

    def __init__(self, channels: Mapping[str, Notifier], story: Story | None = None) -> None:
        self.channels = channels
        self.steps: list[tuple[Run | None, AnyEvent, Run]] = []
        run: Run | None = None
        for event in (story or good_deploy()).events:
            before, run = run, begin(event) if run is None else apply(run, event)  # type: ignore[arg-type]
            self.steps.append((before, event, run))
        self.notices = [notice for step in self.steps for notice in notices(*step)]
        self.told: list[AnyEvent] = []
        self.seconds = 0.0

    def run(self, *, patience: float = 5.0, before_close: Callable[[], bool] = lambda: True) -> None:
        """Tell the whole of it, wait for a condition, and close."""
        asyncio.run(self._run(patience, before_close))

    def delivered(self, channel: str) -> list[str]:
        return [e.notice for e in self.told if isinstance(e, NoticeTold) and e.channel == channel]

    def failed(self, channel: str) -> dict[str, str]:
        return {e.notice: e.why for e in self.told if isinstance(e, NoticeFailed) and e.channel == channel}

    async def _run(self, patience: float, before_close: Callable[[], bool]) -> None:
        herald = Herald(self.channels, self.told.append, lambda: 7.0)
        for step in self.steps:
            herald.heard(*step)
        deadline = time.monotonic() + 10
        while not before_close():
            assert time.monotonic() < deadline, "it never came true"
            await asyncio.sleep(0.005)
        began = time.monotonic()
        await herald.close(patience)
        self.seconds = time.monotonic() - began


def ids(told: Telling) -> list[str]:
    return [notice.id for notice in told.notices]


def test_every_channel_is_told_everything_in_order_and_that_is_recorded() -> None:
    one, two = FakeNotifier(), FakeNotifier()
    telling = Telling({"one": one, "two": two})
    telling.run()
    assert len(telling.notices) > 5
    assert [notice.id for notice, _ in one.told] == [notice.id for notice, _ in two.told] == ids(telling)
    assert telling.delivered("one") == telling.delivered("two") == ids(telling)
    assert all(event.at == 7.0 for event in telling.told)


def test_what_follows_goes_into_the_thread_of_the_first() -> None:
    channel = FakeNotifier()
    telling = Telling({"slack": channel})
    telling.run()
    threads = [thread for _, thread in channel.told]
    assert threads[0] is None
    assert threads[1:] == [{"first": ids(telling)[0]}] * (len(threads) - 1)


def test_a_refusal_is_tried_again_and_the_order_stays() -> None:
    channel = FakeNotifier(failures=2)
    telling = Telling({"slack": channel})
    telling.run()
    assert [notice.id for notice, _ in channel.told] == ids(telling)
    assert channel.attempts == len(telling.notices) + 2
    assert telling.failed("slack") == {}


def test_after_enough_refusals_it_is_given_up_with_the_reason_and_the_next_is_told() -> None:
    channel = FakeNotifier(failures=module.ATTEMPTS)
    telling = Telling({"slack": channel})
    telling.run()
    first, *others = ids(telling)
    assert telling.failed("slack") == {first: "the channel refused"}
    assert telling.delivered("slack") == others


def test_a_bug_in_a_plug_in_costs_one_notice_at_most() -> None:
    telling = Telling({"mine": Broken()})
    telling.run()
    lost = telling.failed("mine")
    assert set(lost) <= {ids(telling)[0]} and all("a bug" in why for why in lost.values())
    assert sorted([*telling.delivered("mine"), *lost]) == sorted(ids(telling))


def test_a_channel_that_hangs_holds_up_no_other() -> None:
    good = FakeNotifier()
    telling = Telling({"hangs": FakeNotifier(hangs=True), "good": good})
    telling.run(patience=0.1, before_close=lambda: len(good.told) == len(telling.notices))
    assert telling.delivered("good") == ids(telling)


def test_a_channel_that_hangs_does_not_hold_up_the_end_and_every_notice_is_accounted_for() -> None:
    telling = Telling({"hangs": FakeNotifier(hangs=True)})
    telling.run(patience=0.2)
    assert telling.seconds < 2, "twice the patience, and not the limit on an attempt"
    assert list(telling.failed("hangs")) == ids(telling)
    assert all(telling.failed("hangs").values())


def test_what_waits_for_another_try_when_the_end_comes_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 30.0)
    channel = FakeNotifier(failures=999)
    telling = Telling({"slack": channel})
    telling.run(patience=0.1, before_close=lambda: channel.attempts > 0)
    assert sorted(telling.failed("slack")) == sorted(ids(telling))
    assert telling.failed("slack")[ids(telling)[0]] == "the channel refused"


def test_the_end_comes_at_once_when_all_has_been_told() -> None:
    telling = Telling({"slack": FakeNotifier()})
    telling.run(patience=60.0)
    assert telling.seconds < 2


def test_without_channels_there_is_nothing_to_wait_for() -> None:
    telling = Telling({})
    telling.run()
    assert telling.told == []


def test_hearing_takes_no_time_however_slow_the_channels_are() -> None:
    telling = Telling({"hangs": FakeNotifier(hangs=True)})

    async def hear() -> float:
        herald = Herald(telling.channels, telling.told.append, lambda: 7.0)
        began = time.monotonic()
        for step in telling.steps:
            herald.heard(*step)
        took = time.monotonic() - began
        await herald.close(0.05)
        return took

    assert asyncio.run(hear()) < 1


def test_no_task_is_left_behind(tmp_path: Path) -> None:
    async def left() -> set[str]:
        before = asyncio.all_tasks()
        herald = Herald({"hangs": FakeNotifier(hangs=True)}, lambda event: None, lambda: 7.0)
        telling = Telling({})
        herald.heard(*telling.steps[0])
        await herald.close(0.05)
        return {task.get_name() for task in asyncio.all_tasks() - before}

    assert asyncio.run(left()) == set()
