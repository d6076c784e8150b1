"""Servers for the front to stand before, and a front to ask."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx2

from hotfix_deploy_runner.demo.front import STATUS_PATH, Endpoints, Front
from hotfix_deploy_runner.demo.ports import free_block

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def publish(serving: Path, *ports: int) -> None:
    """Write the list as the platform does: whole, and then renamed."""
    fresh = serving.with_suffix(".new")
    fresh.write_text(json.dumps({"endpoints": [f"http://127.0.0.1:{port}" for port in ports], "at": 1.0}))
    fresh.replace(serving)


class Backend:
    """A server on a port of its own that answers with its name; counts, and says when it has nothing under way."""

    def __init__(self, name: str, *, delay: float = 0.0) -> None:
        self.name, self.delay = name, delay
        self.port = 0
        self.requests: list[bytes] = []
        self.under_way = 0
        self._server: asyncio.Server | None = None

    async def open(self) -> "Backend":
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        """Leave in an orderly way: no new connections; those under way finish."""
        assert self._server is not None
        self._server.close()
        while self.under_way:
            await asyncio.sleep(0.005)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.under_way += 1
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(head)
        await asyncio.sleep(self.delay)
        body = self.name.encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()
        self.under_way -= 1


@contextlib.asynccontextmanager
async def fronted(serving: Path, *, patience: float = 5.0) -> AsyncIterator[tuple[httpx2.AsyncClient, Front]]:
    port, stop = free_block(1)[0], asyncio.Event()
    front = Front(Endpoints(serving), patience=patience)
    task = asyncio.create_task(front.serve(port, stop))
    limits = httpx2.Limits(max_keepalive_connections=0)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, limits=limits) as client:
        async with asyncio.timeout(5):
            while not await _answers(client):
                await asyncio.sleep(0.01)
        yield client, front
    stop.set()
    await task


async def _answers(client: httpx2.AsyncClient) -> bool:
    with contextlib.suppress(httpx2.ConnectError):
        return (await client.get(STATUS_PATH)).status_code == 200
    return False


@contextlib.asynccontextmanager
async def raw_backend(handler: Handler) -> AsyncIterator[int]:
    async with await asyncio.start_server(handler, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
