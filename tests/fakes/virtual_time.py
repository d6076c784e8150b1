"""A loop in which waiting takes no time: when nothing is left to do, its clock jumps to the next thing that is due."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):
    """Instead of waiting, it says by how much time goes on."""

    jumped: Callable[[float], None]

    def select(self, timeout: float | None = None) -> object:  # type: ignore[override]
        ready = super().select(0 if timeout is not None else None)
        if not ready and timeout:
            self.jumped(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time` begins at `start`. What is for a thread is done at once: no thread is waited for."""

    def __init__(self, start: float = 1000.0) -> None:
        self._now = start
        selector = _Jumping()
        selector.jumped = self._jump
        super().__init__(selector)

    def time(self) -> float:
        return self._now

    def run_in_executor(self, executor: object, func: Callable[..., T], *args: object) -> asyncio.Future[T]:
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    def _jump(self, seconds: float) -> None:
        self._now += seconds


def now() -> float:
    """The running loop's time, as a clock."""
    return asyncio.get_running_loop().time()


def play(story: Callable[[], Awaitable[T]]) -> T:
    """What `story` returns, told on a loop of its own in no time."""

    async def told() -> T:
        return await story()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(told())
