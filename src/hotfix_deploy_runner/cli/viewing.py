"""Which view a run gets."""

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Protocol

from ..core.events import AnyEvent
from ..views.json_lines import JsonLinesView
from ..views.plain import PlainView


class ClosableView(Protocol):
    """A view on a stream of this process."""

    def event(self, seq: int, event: AnyEvent) -> None:
        """Show one more event."""
        ...

    def close(self) -> None:
        """Leave the stream tidy."""
        ...


@contextlib.contextmanager
def view(as_json: bool, past: Iterable[tuple[int, AnyEvent]] = ()) -> Iterator[ClosableView]:
    """JSON lines when asked for, the live view on a terminal, else the plain lines; tidied up at the end.

    `past` is what happened before: it is told again to a person, and not to a program, which has read it.
    """
    shown = _view(as_json)
    try:
        for seq, event in () if as_json else past:
            shown.event(seq, event)
        yield shown
    finally:
        _close(shown)


def _close(shown: ClosableView) -> None:
    """Close it. Where its reader has gone (`… | head -1`), nothing more is printed: the exit code is the run's."""
    try:
        shown.close()
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _view(as_json: bool) -> ClosableView:
    if as_json:
        return JsonLinesView(sys.stdout)
    if sys.stdout.isatty():
        from ..views.live import terminal_view

        return terminal_view(sys.stdout)
    return PlainView(sys.stdout)
