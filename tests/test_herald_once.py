"""What is told once and what at least once, from which severity on, and what a resumed run goes on with."""

import asyncio
import time

import pytest
from tests.fakes.events import good_deploy
from tests.fakes.notifier import FakeNotifier

from hotfix_deploy_runner import herald as module
from hotfix_deploy_runner.core.events import AnyEvent, NoticeFailed, NoticeTold
from hotfix_deploy_runner.core.notice import Notice, Severity, Thread
from hotfix_deploy_runner.core.notices import notices
from hotfix_deploy_runner.core.run import Run, apply, begin
from hotfix_deploy_runner.errors import NotTold
from hotfix_deploy_runner.herald import Herald, Memory


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.005)


def steps() -> list[tuple[Run | None, AnyEvent, Run]]:
    found: list[tuple[Run | None, AnyEvent, Run]] = []
    run: Run | None = None
    for event in good_deploy().events:
        before, run = run, begin(event) if run is None else apply(run, event)  # type: ignore[arg-type]
        found.append((before, event, run))
    return found


STEPS = steps()
NOTICES = [notice for step in STEPS for notice in notices(*step)]
IDS = [notice.id for notice in NOTICES]
LAST = NOTICES[-1]


class Scripted(FakeNotifier):
    """Fails as it is told to, an attempt each, then works."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__()
        self.script = list(failures)
        self.tried: list[str] = []

    async def tell(self, notice: Notice, thread: Thread | None) -> Thread | None:
        self.tried.append(notice.id)
        if self.script:
            raise self.script.pop(0)
        return await super().tell(notice, thread)


class WithBoard(FakeNotifier):
    """Has a message that is kept up to date."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[tuple[str, Thread]] = []

    async def show(self, notice: Notice, thread: Thread) -> None:
        self.shown.append((notice.id, thread))
        raise NotTold("the next one mends it")


def tell(channel: FakeNotifier, *, least: Severity = Severity.INFO, memory: Memory | None = None) -> list[AnyEvent]:
    told: list[AnyEvent] = []

    async def run() -> None:
        herald = Herald({"ops": channel}, told.append, lambda: 7.0, severities={"ops": least}, memory=memory)
        for step in STEPS:
            herald.heard(*step)
        await herald.close()

    asyncio.run(run())
    return told


def ids(channel: FakeNotifier) -> list[str]:
    return [notice.id for notice, _ in channel.told]


def failed(told: list[AnyEvent]) -> dict[str, str]:
    return {event.notice: event.why for event in told if isinstance(event, NoticeFailed)}


def test_the_story_ends_with_its_only_terminal_notice() -> None:
    assert [notice.terminal for notice in NOTICES] == [False] * (len(NOTICES) - 1) + [True]


def test_what_may_have_arrived_is_not_sent_again() -> None:
    channel = Scripted(NotTold("no answer", maybe=True))
    told = tell(channel)
    assert channel.tried == IDS
    assert failed(told) == {IDS[0]: "no answer"}


def test_so_is_what_a_plug_in_broke_over() -> None:
    channel = Scripted(RuntimeError("a bug"))
    assert failed(tell(channel)) == {IDS[0]: "a bug"}
    assert channel.tried.count(IDS[0]) == 1


def test_how_the_run_ended_is_sent_again_even_so() -> None:
    class Late(FakeNotifier):
        ends = 0

        async def tell(self, notice: Notice, thread: Thread | None) -> Thread | None:
            self.ends += notice.terminal
            if notice.terminal and self.ends == 1:
                raise NotTold("no answer", maybe=True)
            return await super().tell(notice, thread)

    channel = Late()
    assert failed(tell(channel)) == {}
    assert ids(channel) == IDS and channel.ends == 2


def test_how_the_run_ended_gets_its_chance_behind_a_notice_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stuck(FakeNotifier):
        async def tell(self, notice: Notice, thread: Thread | None) -> Thread | None:
            if not notice.terminal:
                await asyncio.Event().wait()
            return await super().tell(notice, thread)

    async def run() -> None:
        herald = Herald({"ops": channel}, told.append, lambda: 7.0)
        for step in STEPS:
            herald.heard(*step)
        await herald.close(0.1)

    channel, told = Stuck(), list[AnyEvent]()
    asyncio.run(run())
    assert ids(channel) == [LAST.id]
    assert list(failed(told)) == IDS[:-1]
    assert [event.notice for event in told if isinstance(event, NoticeTold)] == [LAST.id]


def test_a_channel_is_left_alone_for_as_long_as_it_asks() -> None:
    channel = Scripted(NotTold("429", after=0.3))
    began = time.monotonic()
    assert failed(tell(channel)) == {}
    assert time.monotonic() - began >= 0.3
    assert ids(channel) == IDS


def test_but_not_longer_than_the_end_of_the_run_can_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> float:
        herald = Herald({"ops": channel}, told.append, lambda: 7.0)
        herald.heard(*STEPS[0])
        began = time.monotonic()
        await herald.close(0.1)
        return time.monotonic() - began

    channel, told = Scripted(NotTold("429", after=3_600)), list[AnyEvent]()
    assert asyncio.run(run()) < 5
    assert failed(told) == {IDS[0]: "429"}


@pytest.mark.parametrize("least", Severity)
def test_a_channel_is_told_from_its_severity_on(least: Severity) -> None:
    channel = FakeNotifier()
    told = tell(channel, least=least)
    expected = [notice.id for notice in NOTICES if list(Severity).index(notice.severity) >= list(Severity).index(least)]
    assert ids(channel) == expected == [event.notice for event in told if isinstance(event, NoticeTold)]
    assert failed(told) == {}, "what is not for a channel has not failed there"


def test_what_is_not_for_the_channel_still_brings_its_board_up_to_date() -> None:
    channel = WithBoard()
    first = IDS[0]
    memory = Memory(frozenset({("ops", first)}), {"ops": {"ts": "1"}})
    assert tell(channel, least=Severity.CRITICAL, memory=memory) == []
    assert channel.shown == [(notice, {"ts": "1"}) for notice in IDS[1:]]


def test_a_channel_without_a_board_is_not_bothered() -> None:
    channel = FakeNotifier()
    tell(channel, least=Severity.CRITICAL, memory=Memory(frozenset(), {"ops": {"ts": "1"}}))
    assert channel.attempts == 0


def test_a_resumed_run_tells_nothing_twice_and_goes_on_in_the_thread() -> None:
    first = FakeNotifier()
    told = tell(first)[:3]
    second = FakeNotifier()
    tell(second, memory=Memory.of([*good_deploy().events, *told]))
    assert ids(second) == IDS[3:]
    assert {str(thread) for _, thread in second.told} == {str({"first": IDS[0]})}


def test_what_another_channel_was_told_is_not_told_here_yet() -> None:
    channel = FakeNotifier()
    tell(channel, memory=Memory(frozenset(("other", notice) for notice in IDS)))
    assert ids(channel) == IDS


def test_memory_has_the_thread_of_the_latest_delivery() -> None:
    told: list[AnyEvent] = [
        NoticeTold(at=1.0, notice="r:a", channel="slack", thread={"ts": "1"}),
        NoticeTold(at=2.0, notice="r:b", channel="slack", thread={"ts": "2"}),
        NoticeTold(at=2.0, notice="r:b", channel="mailto"),
        NoticeFailed(at=3.0, notice="r:c", channel="slack", why="x"),
    ]
    memory = Memory.of(told)
    assert memory.told == {("slack", "r:a"), ("slack", "r:b"), ("mailto", "r:b")}
    assert memory.threads == {"slack": {"ts": "2"}}


def test_a_plug_ins_own_words_are_redacted() -> None:
    told: list[AnyEvent] = []

    async def run() -> None:
        channel = Scripted(RuntimeError("POST https://x/s3cr3t failed"))
        herald = Herald({"ops": channel}, told.append, lambda: 7.0, redact=lambda text: text.replace("s3cr3t", "…"))
        herald.heard(*STEPS[0])
        await herald.close()

    asyncio.run(run())
    assert failed(told) == {IDS[0]: "POST https://x/… failed"}
