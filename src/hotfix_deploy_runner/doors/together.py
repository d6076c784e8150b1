"""Several pieces of work at once, none of which is left behind."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar, overload

Result = TypeVar("Result")
One = TypeVar("One")
Two = TypeVar("Two")
Three = TypeVar("Three")
Four = TypeVar("Four")
Work = Coroutine[Any, Any, Result]


@overload
async def together(one: Work[One], two: Work[Two], /) -> tuple[One, Two]: ...
@overload
async def together(one: Work[One], two: Work[Two], three: Work[Three], /) -> tuple[One, Two, Three]: ...
@overload
async def together(
    one: Work[One], two: Work[Two], three: Work[Three], four: Work[Four], /
) -> tuple[One, Two, Three, Four]: ...
@overload
async def together(*work: Work[Result]) -> tuple[Result, ...]: ...
async def together(*work: Work[Any]) -> tuple[Any, ...]:
    """The results in order, when all of `work` has ended. The first error is raised then, not before.

    Unlike `asyncio.gather`, after an error nothing goes on in the background; a cancel ends all of it too. What is
    left to `asyncio.run` to cancel can hang there: a program whose pipes are not connected yet is waited for without
    end (CPython 3.11, `base_subprocess.py`: `_try_finish` asks for pipes that will never be).
    """
    ends = await asyncio.gather(*work, return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    return tuple(ends)
