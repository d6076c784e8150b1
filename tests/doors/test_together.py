"""Work that goes on side by side, and none of it afterwards."""

import asyncio

import pytest

from hotfix_deploy_runner.doors.together import together


async def after(event: asyncio.Event, log: list[str], name: str) -> str:
    await event.wait()
    log.append(name)
    return name


async def fails(event: asyncio.Event) -> None:
    event.set()
    raise ValueError("no")


def test_the_results_come_in_the_order_of_the_work() -> None:
    async def main() -> tuple[str, str]:
        first, second, log = asyncio.Event(), asyncio.Event(), list[str]()
        second.set()
        both = asyncio.ensure_future(together(after(first, log, "one"), after(second, log, "two")))
        while log != ["two"]:
            await asyncio.sleep(0)
        first.set()
        return await both

    assert asyncio.run(main()) == ("one", "two")


def test_an_error_is_raised_once_nothing_goes_on_any_more() -> None:
    log: list[str] = []

    async def main() -> None:
        event = asyncio.Event()
        with pytest.raises(ValueError, match="no"):
            await together(fails(event), after(event, log, "the other"))
        assert log == ["the other"]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_a_cancel_ends_all_of_it() -> None:
    async def main() -> None:
        never, log = asyncio.Event(), list[str]()
        both = asyncio.ensure_future(together(after(never, log, "one"), after(never, log, "two")))
        await asyncio.sleep(0)
        both.cancel()
        with pytest.raises(asyncio.CancelledError):
            await both
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
