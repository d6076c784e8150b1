"""Several pieces of work at once, none of which is left behind."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def together(*work: Coroutine[Any, Any, Result]) -> list[Result]:
    """The results in order, when all of `work` has ended. The first error is raised then, not before.

    Unlike `asyncio.gather`, after an error nothing goes on in the background; a cancel ends all of it too.
    """
    ends = await asyncio.gather(*work, return_exceptions=True)
    results: list[Result] = []
    for end in ends:
        if isinstance(end, BaseException):
            raise end
        results.append(end)
    return results
