"""A small balancer: takes requests on one port and hands them round the endpoints that a platform lists.

    python -m hotfix_deploy_runner.demo.front --serving <file> --port <port>

`--serving` names a file such as the process platform writes: `{"endpoints": ["http://127.0.0.1:9101", ...]}`. It is
read again as soon as it is another one. Each request gets a connection of its own, so that none is lost on a connection
that an instance has just given up. A request goes to another endpoint only when the connection was refused: then
nobody can have begun with it. `GET /front-status` answers the counters. Not for production: HTTP/1.1 without
chunked requests, upgrades or TLS.
"""

import argparse
import asyncio
import contextlib
import json
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from ..core.instant import Seconds

STATUS_PATH = "/front-status"
PATIENCE: Seconds = 10.0
BODY_LIMIT = 1_000_000


class Request(msgspec.Struct, frozen=True):
    """One request as it came: the first line, the header fields without those of the connection, the body."""

    line: str
    fields: tuple[str, ...]
    body: bytes

    @property
    def path(self) -> str:
        """What was asked for."""
        return self.line.partition(" ")[2].partition(" ")[0]

    def encoded(self) -> bytes:
        """As it is passed on: the connection ends with the answer."""
        return "\r\n".join([self.line, *self.fields, "Connection: close", "", ""]).encode("latin-1") + self.body


class Endpoints:
    """The list of endpoints in `serving`, in turn. A list that cannot be read leaves the last one in force."""

    def __init__(self, serving: Path) -> None:
        self._serving = serving
        self._seen: tuple[int, int] | None = None
        self._endpoints: tuple[str, ...] = ()
        self._turn = 0

    def in_turn(self) -> Iterator[str]:
        """All endpoints of now, beginning with the one whose turn it is."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            self._refresh()
        self._turn += 1
        count = len(self._endpoints)
        return iter([self._endpoints[(self._turn + step) % count] for step in range(count)])

    def _refresh(self) -> None:
        status = self._serving.stat()
        seen = (status.st_ino, status.st_mtime_ns)
        if seen != self._seen:
            self._endpoints = tuple(json.loads(self._serving.read_text())["endpoints"])
            self._seen = seen


class Front:
    """Answers connections. `counts` are the requests passed to each endpoint, and those that came to nothing."""

    def __init__(self, endpoints: Endpoints, *, patience: Seconds = PATIENCE) -> None:
        self._endpoints = endpoints
        self._patience = patience
        self._open: set[asyncio.Task[None]] = set()
        self.counts: Counter[str] = Counter()

    async def serve(self, port: int, stop: asyncio.Event) -> None:
        """Serve on 127.0.0.1 until `stop` is set; then let what is under way finish."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", port, backlog=512)
        async with server:
            await stop.wait()
            server.close()
            if self._open:
                await asyncio.wait(self._open, timeout=self._patience)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._converse(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request and its answer. A client that goes away or sends no HTTP is dropped."""
        with contextlib.suppress(OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError):
            async with asyncio.timeout(self._patience):
                request = await _read(reader)
            if request.path == STATUS_PATH:
                _answer(writer, "200 OK", self.counts)
            else:
                await self._forward(request, writer)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    async def _forward(self, request: Request, writer: asyncio.StreamWriter) -> None:
        for endpoint in self._endpoints.in_turn():
            address = urlsplit(endpoint)
            try:
                upstream = await asyncio.open_connection(address.hostname, address.port)
            except ConnectionRefusedError:
                self.counts[f"refused by {endpoint}"] += 1
                continue
            self.counts[endpoint] += 1
            return await self._relay(request, *upstream, writer)
        self.counts["nobody there"] += 1
        return _answer(writer, "503 Service Unavailable", {"error": "nobody there"})

    async def _relay(
        self,
        request: Request,
        reader: asyncio.StreamReader,
        upstream: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> None:
        """Send the request and pass the answer on as it comes. One that breaks off is broken off here too."""
        begun = False
        try:
            async with asyncio.timeout(self._patience):
                upstream.write(request.encoded())
                while chunk := await reader.read(65_536):
                    begun = True
                    client.write(chunk)
                    await client.drain()
            failure = "" if begun else "502 Bad Gateway"
        except TimeoutError:
            failure = "504 Gateway Timeout"
        except OSError:
            failure = "502 Bad Gateway"
        finally:
            upstream.close()
        if failure:
            self.counts[failure] += 1
            if begun:
                client.transport.abort()
            else:
                _answer(client, failure, {"error": failure})


async def _read(reader: asyncio.StreamReader) -> Request:
    """The request. Raises `ValueError` for one without a decent head, `EOFError` when the client goes away."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *fields = head.removesuffix("\r\n\r\n").split("\r\n")
    names = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    length = int(names.get("content-length") or 0)
    if "transfer-encoding" in names or not 0 <= length <= BODY_LIMIT:
        raise ValueError("a body of unknown length, or one too large")
    passed = tuple(f for f in fields if f.partition(":")[0].strip().lower() not in ("connection", "keep-alive"))
    return Request(line, passed, await reader.readexactly(length))


def _answer(writer: asyncio.StreamWriter, status: str, content: Mapping[str, object]) -> None:
    body = json.dumps(content).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    )
    writer.write(head.encode() + b"\r\n" + body)


async def _main(serving: Path, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    front = Front(Endpoints(serving))
    await front.serve(port, stop)
    print(json.dumps(front.counts), flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m hotfix_deploy_runner.demo.front", description="Balance requests.")
    parser.add_argument("--serving", type=Path, required=True, help="the file that lists the endpoints")
    parser.add_argument("--port", type=int, required=True, help="the port to listen on, on 127.0.0.1")
    arguments = parser.parse_args()
    asyncio.run(_main(arguments.serving, arguments.port))


if __name__ == "__main__":
    main()
