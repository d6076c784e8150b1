"""A channel that remembers, and what every channel has to keep to."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal

import pytest

from hotfix_deploy_runner.core.notice import Notice, Severity, Thread
from hotfix_deploy_runner.errors import NotTold
from hotfix_deploy_runner.ports import Notifier

Behaviour = Literal["well", "refuses once", "hangs"]
Channel = tuple[Notifier, Callable[[], list[str]]]
"""A channel, and the titles that arrived there."""


class FakeNotifier:
    """Records what it is told. The first `failures` deliveries are refused; one that `hangs` never comes back."""

    def __init__(self, *, failures: int = 0, hangs: bool = False) -> None:
        self.told: list[tuple[Notice, Thread | None]] = []
        self.attempts = 0
        self._failures = failures
        self._hangs = hangs

    async def tell(self, notice: Notice, thread: Thread | None) -> Thread | None:
        self.attempts += 1
        if self._hangs:
            await asyncio.Event().wait()
        if self.attempts <= self._failures:
            raise NotTold("the channel refused")
        self.told.append((notice, thread))
        return thread or {"first": notice.id}

    @property
    def titles(self) -> list[str]:
        return [notice.title for notice, _ in self.told]


def a_notice(title: str = "Hotfix v2.14.4 has begun", text: str = "", severity: Severity = Severity.INFO) -> Notice:
    return Notice(id=f"r-1:{title}", run="r-1", at=1_700_000_000.0, severity=severity, title=title, text=text)


class NotifierContract:
    """To be subclassed by a test class that says how to open a channel that behaves so."""

    def channel(self, behaviour: Behaviour) -> AbstractContextManager[Channel]:
        raise AssertionError("the subclass gives the channel")

    def test_a_notice_arrives_once(self) -> None:
        with self.channel("well") as (notifier, titles):
            asyncio.run(notifier.tell(a_notice("one"), None))
            assert titles() == ["one"]

    def test_notices_arrive_in_the_order_told_and_the_thread_goes_on(self) -> None:
        async def tell() -> None:
            thread = await notifier.tell(a_notice("one"), None)
            again = await notifier.tell(a_notice("two"), thread)
            await notifier.tell(a_notice("three"), again)

        with self.channel("well") as (notifier, titles):
            asyncio.run(tell())
            assert titles() == ["one", "two", "three"]

    def test_a_refusal_is_not_told_and_the_next_one_is_delivered(self) -> None:
        with self.channel("refuses once") as (notifier, titles):
            with pytest.raises(NotTold) as refused:
                asyncio.run(notifier.tell(a_notice("one"), None))
            assert refused.value.message
            assert titles() == []
            asyncio.run(notifier.tell(a_notice("one"), None))
            assert titles() == ["one"]

    def test_a_channel_that_hangs_can_be_given_up_at_once(self) -> None:
        async def give_up() -> float:
            loop = asyncio.get_running_loop()
            began = loop.time()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await notifier.tell(a_notice("one"), None)
            return loop.time() - began

        with self.channel("hangs") as (notifier, titles):
            assert asyncio.run(give_up()) < 2
            assert titles() == []
