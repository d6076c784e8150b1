import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes.notifier import Behaviour, Channel, FakeNotifier, NotifierContract, a_notice

from hotfix_deploy_runner.core.notice import Notice


class TestTheFakeKeepsTheContract(NotifierContract):
    @contextmanager
    def channel(self, behaviour: Behaviour) -> Iterator[Channel]:
        fake = FakeNotifier(failures=behaviour == "refuses once", hangs=behaviour == "hangs")
        yield fake, lambda: fake.titles


def test_the_fake_gives_the_thread_of_its_first_notice() -> None:
    async def tell(first: Notice, second: Notice) -> None:
        thread = await fake.tell(first, None)
        assert await fake.tell(second, thread) == thread == {"first": first.id}

    fake = FakeNotifier()
    asyncio.run(tell(a_notice("one"), a_notice("two")))
    assert [thread for _, thread in fake.told] == [None, {"first": "r-1:one"}]
