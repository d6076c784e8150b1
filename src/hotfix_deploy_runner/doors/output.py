"""What becomes of a program's output: kept whole, or in its last lines and a log. Bounded, whatever is written."""

import codecs
from collections import deque
from pathlib import Path
from typing import Protocol, TextIO

from ..ports import Redact

TAIL_LINES = 40
"""Lines kept for a person."""
LINE_LIMIT = 4_000
"""Characters kept of each of them."""
LOG_LIMIT = 20_000_000
"""Characters written to a log by one command."""
CAPTURE_LIMIT = 50_000_000
"""Bytes kept of captured output."""

_LONGEST_LINE = 65_536
_OVERLAP = 8_192


class Output(Protocol):
    """Where output goes."""

    def take(self, data: bytes) -> None:
        """The next bytes, cut anywhere."""
        ...


class Whole:
    """Everything, up to `CAPTURE_LIMIT`; what is beyond is dropped. Not redacted."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._room = CAPTURE_LIMIT

    def take(self, data: bytes) -> None:
        """Keep `data`."""
        if self._room > 0:
            self._parts.append(data[: self._room])
        self._room -= len(data)

    @property
    def text(self) -> str:
        """All of it; what is not UTF-8 is replaced."""
        return b"".join(self._parts).decode("utf-8", "replace")


class Lines:
    """The last lines, and all lines in the file `log` up to its limit; both redacted.

    Raises `OSError` when the log cannot be opened. One that cannot be written later is given up, and `tail` says so.
    """

    def __init__(self, redact: Redact, log: Path | None) -> None:
        self._redact = redact
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._room = LOG_LIMIT
        self._log = None if log is None else _open(log)

    def take(self, data: bytes) -> None:
        """Keep the lines that `data` completes."""
        lines, newline, self._pending = (self._pending + self._decoder.decode(data)).rpartition("\n")
        if newline:
            self._keep(lines)
        if len(self._pending) > _LONGEST_LINE:
            # Redacted before it is cut, and cut before its end: a secret may be on its way.
            pending = self._redact(self._pending)
            self._keep(pending[:-_OVERLAP])
            self._pending = pending[-_OVERLAP:]

    def close(self) -> None:
        """Keep the line that has no end, and close the log."""
        rest = self._pending + self._decoder.decode(b"", final=True)
        if rest:
            self._keep(rest)
        self._pending = ""
        self._end_log()

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines."""
        return tuple(self._tail)

    def _keep(self, text: str) -> None:
        if self._log is None:
            # Only what will be seen is worth the time it takes to redact.
            text = "\n".join(text.rsplit("\n", TAIL_LINES)[-TAIL_LINES:])
        text = self._redact(text)
        self._tail.extend(line.rstrip("\r")[:LINE_LIMIT] for line in text.rsplit("\n", TAIL_LINES)[-TAIL_LINES:])
        if self._log is not None:
            self._write(self._log, text + "\n")

    def _write(self, log: TextIO, text: str) -> None:
        try:
            log.write(text[: self._room])
            self._room -= len(text)
            if self._room <= 0:
                log.write("\n[the rest of the output was dropped: the log is full]\n")
            log.flush()
        except OSError as error:
            self._tail.append(f"[the log could not be written: {error.strerror}]")
            self._room = 0
        if self._room <= 0:
            self._end_log()

    def _end_log(self) -> None:
        log, self._log = self._log, None
        if log is not None:
            try:
                log.close()
            except OSError as error:
                self._tail.append(f"[the log could not be written: {error.strerror}]")


def _open(log: Path) -> TextIO:
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("a", encoding="utf-8", errors="replace", newline="")
