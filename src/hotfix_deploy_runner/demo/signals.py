"""What TERM, HUP and Ctrl-C do to a demo: it ends, but not before it has cleared up."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any] | int


@contextmanager
def leaving_in_order() -> Iterator[None]:
    """In the block TERM and HUP raise `SystemExit`, as Ctrl-C raises `KeyboardInterrupt`; nohup's HUP stays ignored."""
    numbers = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is not signal.SIG_IGN]
    with _handling(numbers, _leave):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """In the block TERM, HUP and Ctrl-C do nothing: it must be one that ends soon."""
    with _handling([signal.SIGTERM, signal.SIGHUP, signal.SIGINT], signal.SIG_IGN):
        yield


@contextmanager
def _handling(numbers: list[signal.Signals], handler: Handler) -> Iterator[None]:
    """Only the main thread may set handlers, signal(3p) as Python has it; in another the block runs without."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old if old is not None else signal.SIG_DFL)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
