"""One connection through the proxy: what has been read on one side is written on the other, when and if it may."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Literal, Protocol

Direction = Literal["to-server", "to-client"]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

PIECE = 64 * 1024
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing at once, with an RST."""


class Network(Protocol):
    """What becomes of a piece that has been read."""

    def due(self) -> float:
        """When a piece that is read now arrives, in the event loop's time."""
        ...

    async def deliver(self, direction: Direction, piece: bytes, sink: asyncio.StreamWriter) -> bool:
        """Write a piece (an empty one: the end of what this side sends), or not; whether it was written."""
        ...


class Wire:
    """A client's connection and, but in a black hole, the one to the server that belongs to it.

    `lost` is whether something that was sent through it has not arrived: from then on it is good for nothing.
    """

    def __init__(self, network: Network, client: Streams, server: Streams | None) -> None:
        self.lost = server is None
        self._network = network
        self._client = client
        self._server = server

    async def carry(self) -> None:
        """Both ways until both sides have ended. When one breaks off, so does the other."""
        try:
            await self._pass_on()
        except* (OSError, asyncio.CancelledError):
            self.abort()
        for _, writer in self._sides():
            with suppress(OSError):
                writer.close()
                await writer.wait_closed()

    def abort(self) -> None:
        """Break off, with an RST to both sides; what has not been delivered never is."""
        for _, writer in self._sides():
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

    async def _pass_on(self) -> None:
        if self._server is None:
            while await self._client[0].read(PIECE):
                pass
        else:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._one_way("to-server", self._client, self._server))
                both.create_task(self._one_way("to-client", self._server, self._client))

    async def _one_way(self, direction: Direction, source: Streams, sink: Streams) -> None:
        """Reading goes on while what was read before is still under way, as on a long line."""
        line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=16)
        async with asyncio.TaskGroup() as ends:
            ends.create_task(self._read(source, line))
            ends.create_task(self._write(line, direction, sink[1]))

    async def _read(self, source: Streams, line: "asyncio.Queue[tuple[float, bytes]]") -> None:
        piece = b"-"
        while piece:
            piece = await source[0].read(PIECE)
            _acknowledge(source[1])
            await line.put((self._network.due(), piece))

    async def _write(
        self, line: "asyncio.Queue[tuple[float, bytes]]", direction: Direction, sink: asyncio.StreamWriter
    ) -> None:
        sink.transport.set_write_buffer_limits(0)  # so that what is drained has been handed to the kernel
        piece = b"-"
        while piece:
            when, piece = await line.get()
            await asyncio.sleep(when - asyncio.get_running_loop().time())
            self.lost |= not await self._network.deliver(direction, piece, sink)

    def _sides(self) -> list[Streams]:
        return [self._client] if self._server is None else [self._client, self._server]


def _acknowledge(writer: asyncio.StreamWriter) -> None:
    """At once: a side that waits for it before it sends more (Nagle) would else wait 40 ms, several times in a push."""
    with suppress(OSError):  # a Unix socket has no such thing
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
