"""A program that runs: what it writes, its end, and the end of everything that it started."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from .output import Output

SETTLE = 0.3
"""Seconds in which the pipes of a program that has ended are expected to end as well."""
_KILLED = 5.0
_LOOK = 0.01
_LOOK_AT_LEAST = 0.2


class Reader(asyncio.SubprocessProtocol):
    """Takes what a program writes, as it comes, and notes its end and that of its pipes."""

    def __init__(self, standard_output: Output, standard_error: Output) -> None:
        self._outputs = {1: standard_output, 2: standard_error}
        self._open = 0
        self.ended = asyncio.Event()
        self.drained = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The program runs."""
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._open = sum(transport.get_pipe_transport(fd) is not None for fd in self._outputs)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It has written."""
        self._outputs[fd].take(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Nobody can write into this pipe any more; its standard input is none of those."""
        if fd not in self._outputs:
            return
        self._open -= 1
        if self._open == 0:
            self.drained.set()

    def process_exited(self) -> None:
        """It has ended; its children may go on."""
        self.ended.set()


class Child:
    """A running program, its group (by its number), and its pipes."""

    def __init__(self, transport: asyncio.SubprocessTransport, reader: Reader) -> None:
        self._transport = transport
        self.group = transport.get_pid()
        self.reader = reader

    @property
    def exit_code(self) -> int:
        """Negative for a signal; KILL when the kernel could not end it."""
        code = self._transport.get_returncode()
        return -signal.SIGKILL if code is None else code

    def tell(self, text: str) -> None:
        """Give it `text` on its standard input, and then that input's end. It takes it as it likes, or not."""
        pipe = self._transport.get_pipe_transport(0)
        if isinstance(pipe, asyncio.WriteTransport):
            pipe.write(text.encode())
            pipe.write_eof()

    async def clear(self, grace: float) -> None:
        """End what is left of the group, and take what it had written. Cancelled, it does so without grace."""
        try:
            if self.reader.ended.is_set():
                await _within(SETTLE, self.reader.drained)
            if self._signal(signal.SIGTERM):
                await self._gone(grace)
                self._signal(signal.SIGKILL)
                await self._gone(_KILLED)
                await _within(_KILLED, self.reader.ended)
                await _within(SETTLE, self.reader.drained)
        finally:
            self._signal(signal.SIGKILL)
            self._transport.close()

    async def _gone(self, patience: float) -> None:
        """Wait until the group is empty. The kernel does not tell of the end of grandchildren: one has to look."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        pause = _LOOK
        while self._signal(0) and _lives(self.group) and loop.time() < deadline:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LOOK_AT_LEAST)

    def _signal(self, number: int) -> bool:
        """Whether there was anybody to send it to."""
        try:
            os.killpg(self.group, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True


def _lives(group: int) -> bool:
    """Whether a group has a member that is no zombie: in a container, nobody may ever reap those. Linux; else True."""
    stats = [_stat(path) for path in Path("/proc").glob("[0-9]*/stat")]
    return not stats or any(state not in "ZX" and member_of == group for state, member_of in stats)


def _stat(path: Path) -> tuple[str, int]:
    """State and process group: fields 3 and 5 of `/proc/<pid>/stat` (proc(5)); a zombie for one that has gone."""
    try:
        state, _parent, group, *_ = path.read_text(errors="replace").rpartition(")")[2].split()
    except (OSError, ValueError):
        return "Z", 0
    return state, int(group)


async def _within(seconds: float, event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
