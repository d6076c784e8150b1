"""Whether a process takes requests: asked over HTTP, briefly."""

import asyncio
from collections.abc import Sequence

import httpx2

from ...core.instant import Seconds

HOST = "127.0.0.1"


def endpoint(port: int) -> str:
    """The base URL of what listens on `port` of this machine."""
    return f"http://{HOST}:{port}"


class Probe:
    """Asks each of `paths`; it keeps no connection and follows no redirect, and an answer's body is not read.

    `limit` is how long one path may take to answer, in seconds.
    """

    def __init__(self, paths: Sequence[str], limit: Seconds) -> None:
        self._paths = paths
        self._limit = limit

    async def ask(self, port: int) -> str:
        """Why the process on `port` is not ready; empty when every path answered 2xx."""
        # A client of its own: a connection made by an earlier event loop cannot be used in this one. No certificates
        # are loaded, because only plain HTTP to this machine is spoken.
        async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=self._limit) as client:
            whys = await asyncio.gather(*(self._path(client, endpoint(port) + path) for path in self._paths))
        return next((why for why in whys if why), "")

    async def _path(self, client: httpx2.AsyncClient, url: str) -> str:
        path = httpx2.URL(url).path
        try:
            async with asyncio.timeout(self._limit), client.stream("GET", url) as answer:
                return "" if answer.is_success else f"GET {path}: {answer.status_code}"
        except (TimeoutError, httpx2.TimeoutException):
            return f"GET {path}: no answer in {self._limit:g} s"
        except httpx2.ConnectError:
            return f"GET {path}: connection refused"
        except (httpx2.HTTPError, OSError) as error:
            return f"GET {path}: {error or type(error).__name__}"
