"""A TCP proxy in front of a server. The test that has it decides what the network does."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Literal

from tests.remotes.wire import Direction, Wire

Address = tuple[str, int] | str
"""A host and a port, or the path of a Unix socket."""

HOST = "127.0.0.1"
PATIENCE = 10.0
"""Seconds that the proxy has for doing as it is told; it takes milliseconds."""


class Proxy:
    """Listens on `port` of 127.0.0.1 and passes everything on, until it is told otherwise. A context manager.

    Every method has done what it says when it returns. The network is in one state at a time: `let_through`, `refuse`
    and `drop` replace each other. `cut_after` and `cut_once` are traps: each springs once, whatever the state.
    """

    def __init__(self, server: Address) -> None:
        self.port = 0
        self.accepted = 0
        """How many connections there have been."""
        self.cuts = 0
        """How many traps have sprung."""
        self.passed: dict[Direction, int] = {"to-server": 0, "to-client": 0}
        """How many bytes have been passed on."""
        self.swallowed = 0
        """How many bytes of older connections a black hole has taken."""
        self._server = server
        self._state: Literal["through", "drop"] = "through"
        self._delay = 0.0
        self._limits: dict[Direction, int] = {}
        self._trap: Callable[[], bool] | None = None
        self._then_refuse = False
        self._open: dict[asyncio.Task[None], Wire | None] = {}
        self._listener: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._place = socket.socket()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> "Proxy":
        # Bound and never listening, it keeps the port ours while nobody listens on it.
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._place.bind((HOST, 0))
        self.port = self._place.getsockname()[1]
        self._thread.start()
        self.let_through()
        return self

    def __exit__(self, *_: object) -> None:
        self._tell(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._place.close()

    def let_through(self, delay: float = 0.0) -> None:
        """Pass everything on, `delay` seconds late each way. What a black hole has taken bytes of is cut off."""
        self._tell(self._set("through", delay=delay))

    def refuse(self) -> None:
        """Let nobody connect any more (connection refused). What is connected stays so: see `cut`."""
        self._tell(self._set("through", listening=False))

    def drop(self) -> None:
        """Be a black hole: connections are accepted, and everything on them and on older ones is swallowed."""
        self._tell(self._set("drop"))

    def cut(self) -> None:
        """Break off all connections that there are, now, with an RST. New ones are not touched."""
        self._tell(self._cut(lambda _wire: True))

    def cut_after(self, direction: Direction, count: int, *, then_refuse: bool = False) -> None:
        """Break off all connections once `count` more bytes, of all of them together, have gone that way.

        With `then_refuse` nobody gets in from that very moment on, as after `refuse`.
        """

        async def arm() -> None:
            self._limits[direction], self._then_refuse = count, then_refuse

        self._tell(arm())

    def cut_once(self, condition: Callable[[], bool], *, then_refuse: bool = False) -> None:
        """Break off all connections instead of passing on the first answer that is there while `condition` holds.

        With the change of a ref as the condition, the server has accepted a push and the client never hears of it: git
        reports behind the change. It is asked for every piece of an answer, and holds up the proxy meanwhile.
        `then_refuse` as for `cut_after`.
        """

        async def arm() -> None:
            self._trap, self._then_refuse = condition, then_refuse

        self._tell(arm())

    def disarm(self) -> None:
        """Take away the traps that have not sprung."""

        async def clear() -> None:
            self._limits.clear()
            self._trap = None

        self._tell(clear())

    def due(self) -> float:
        """For the wires: when what is read now arrives."""
        return self._loop.time() + self._delay

    async def deliver(self, direction: Direction, piece: bytes, sink: asyncio.StreamWriter) -> bool:
        """For the wires: pass a piece on, as the state and the traps will have it; whether it was."""
        if self._state == "drop":
            self.swallowed += len(piece)
            return False
        if direction == "to-client" and piece and self._trap and self._trap():
            self._trap = None
            self._spring()
            return False
        limit = self._limits.get(direction)
        piece = piece[:limit] if limit is not None else piece
        await _write(piece, sink)
        self.passed[direction] += len(piece)
        self._count(direction, len(piece))
        return True

    def _tell(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _set(self, state: Literal["through", "drop"], *, delay: float = 0.0, listening: bool = True) -> None:
        self._state, self._delay = state, delay
        await self._listen(listening)
        if state == "through":
            await self._cut(lambda wire: wire is not None and wire.lost)

    async def _listen(self, wanted: bool) -> None:
        if not wanted:
            self._close_the_door()
        elif not self._listener:
            self._listener = await asyncio.start_server(self._accept, HOST, self.port, reuse_port=True)

    def _close_the_door(self) -> None:
        if self._listener:
            self._listener.close()
            self._listener = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task
        self._open[task] = None
        try:
            server = None if self._state == "drop" else await self._connect()
            wire = self._open[task] = Wire(self, (reader, writer), server)
            await wire.carry()
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            del self._open[task]

    def _connect(self) -> Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        if isinstance(self._server, str):
            return asyncio.open_unix_connection(self._server)
        return asyncio.open_connection(*self._server)

    def _count(self, direction: Direction, length: int) -> None:
        if direction in self._limits:
            self._limits[direction] -= length
            if self._limits[direction] <= 0:
                del self._limits[direction]
                self._spring()

    def _spring(self) -> None:
        self.cuts += 1
        if self._then_refuse:
            self._close_the_door()
        self._break_off(lambda _wire: True)

    async def _cut(self, which: Callable[[Wire | None], bool]) -> None:
        await asyncio.gather(*self._break_off(which), return_exceptions=True)

    def _break_off(self, which: Callable[[Wire | None], bool]) -> list[asyncio.Task[None]]:
        """At once, but for their last rites, which are the tasks."""
        chosen = {task: wire for task, wire in self._open.items() if which(wire)}
        for task, wire in chosen.items():
            if wire:
                wire.abort()
            task.cancel()
        return list(chosen)

    async def _leave(self) -> None:
        await self._listen(False)  # first, so that nobody comes in behind the cut
        await self._cut(lambda _wire: True)


async def _write(piece: bytes, sink: asyncio.StreamWriter) -> None:
    if piece:
        sink.write(piece)
        await sink.drain()
    else:
        sink.write_eof()
