"""The plain output: what a pipe, a log file and CI get. Scripts rely on these lines, their order and their wording."""

from collections.abc import Iterable, Iterator
from typing import TextIO

from ..core.check import Line
from ..core.events import AnyEvent
from .narration import Heading, Narrator, Piece, Words


def text_of(piece: Piece) -> Iterator[str]:
    """The lines of text that a piece stands for, without line ends."""
    match piece:
        case Words(text):
            yield text
        case Heading(text):
            yield from ("", f"{text}:")
        case Line(status, text, detail):
            yield f"  [{status}] {text}"
            yield from (f"         {line}" for part in detail for line in part.splitlines())


class PlainView:
    """Prints the narration to `out`, line by line, as it can be told. Prints nothing else there."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._narrator = Narrator()

    def event(self, seq: int, event: AnyEvent) -> None:
        """Print what `event` allows to be told. Raises `OSError` when the stream is gone."""
        for piece in self._narrator.tell(event):
            for line in text_of(piece):
                self._out.write(f"{line}\n")
                self._out.flush()

    def close(self) -> None:
        """Nothing is left to print; the stream stays open."""
        self._out.flush()


def replay(events: Iterable[tuple[int, AnyEvent]], out: TextIO) -> None:
    """The narration of a run, told again from its journal, as far as it goes."""
    view = PlainView(out)
    for seq, event in events:
        view.event(seq, event)
    view.close()
