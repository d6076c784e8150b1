"""A network in between, in the loop of the test: it forwards, and falls silent on a word."""

import asyncio
from typing import Self


class TcpProxy:
    """Forwards from `port` of its own to the port `to`.

    Once a client has sent `silent_after`, it is passed on, and nothing comes back to any client any more.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self._tasks: set[asyncio.Task[None]] = set()
        self.silent_after: bytes | None = None
        self.is_silent = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        for one in (self._there(reader, far_writer), self._back(far_reader, writer)):
            self._tasks.add(asyncio.create_task(one))

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if self.silent_after is not None and self.silent_after in data:
                self.is_silent = True
            writer.write(data)
        writer.close()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not self.is_silent:
                writer.write(data)
        writer.close()
