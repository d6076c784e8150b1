"""Whether a process takes requests: asked over HTTP, briefly."""

import asyncio
import re
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from ...core.instant import Seconds

HOST = "127.0.0.1"

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: .*)?\r?\n")
_SENDABLE = "/?&=%:@+,;~!$'()*[]"


def endpoint(port: int) -> str:
    """The base URL of what listens on `port` of this machine."""
    return f"http://{HOST}:{port}"


class Probe:
    """Asks each of `paths`; it keeps no connection and follows no redirect, and an answer's body is not read.

    `limit` is how long one path may take to answer, in seconds. It speaks just as much HTTP/1.1 (RFC 9112) as it takes
    to read a status: a fleet is probed several times a second, and a client library's connection costs ten times that.
    """

    def __init__(self, paths: Sequence[str], limit: Seconds) -> None:
        self._paths = paths
        self._limit = limit

    async def ask(self, port: int) -> str:
        """Why the process on `port` is not ready; empty when every path answered 2xx."""
        whys = await asyncio.gather(*(self._path(port, path) for path in self._paths))
        return next((why for why in whys if why), "")

    async def _path(self, port: int, path: str) -> str:
        asked = f"GET {urlsplit(path).path}"
        try:
            async with asyncio.timeout(self._limit):
                status = await _status(port, path)
        except TimeoutError:
            return f"{asked}: no answer in {self._limit:g} s"
        except ConnectionRefusedError:
            return f"{asked}: connection refused"
        except (OSError, ValueError) as error:
            return f"{asked}: {error or type(error).__name__}"
        return "" if 200 <= status < 300 else f"{asked}: {status}"


async def _status(port: int, path: str) -> int:
    """The status of the final answer. Raises `OSError` without a connection, `ValueError` for what is no answer."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        lines = (f"GET {quote(path, safe=_SENDABLE)} HTTP/1.1", f"Host: {HOST}:{port}", "Connection: close", "", "")
        writer.write("\r\n".join(lines).encode("ascii"))
        while (status := _read_status(await reader.readline())) < 200:  # an interim answer; the final one follows
            while (await reader.readline()).strip():
                pass
        return status
    finally:
        writer.close()


def _read_status(line: bytes) -> int:
    found = _STATUS_LINE.fullmatch(line)
    if found is None:
        raise ValueError("what answers does not speak HTTP" if line else "the connection was closed without an answer")
    return int(found[1])
