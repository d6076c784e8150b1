"""The door to HTTP: one question, one answer, within a time and a size. Used for metrics, health and webhooks."""

import asyncio
import errno
import ipaddress
import json
import logging
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2
import msgspec

from ..core.instant import Seconds
from ..errors import HotfixError
from ..ports import Redact

TEXT_LIMIT = 10_000_000
"""Bytes of an answer's body that are read unless told otherwise."""

_PLAIN = {"accept-encoding": "identity"}  # no compressed bodies: a small one could unpack to gigabytes
_NEVER_KEPT = httpx2.Limits(max_connections=None, max_keepalive_connections=0)


class Unanswered(HotfixError):
    """No usable HTTP answer came. `why` is the reason in a few words: `connection refused`, `no answer in 2 s`.

    An answer with a 4xx or 5xx status is an answer, not this. `sent` is False when the question cannot have arrived.
    """

    def __init__(self, place: str, why: str, *, detail: str = "", sent: bool = True) -> None:
        super().__init__(f"{place}: {why}", detail=detail)
        self.why = why
        self.sent = sent


class Answer(msgspec.Struct, frozen=True):
    """What came back. `text` is the redacted body, `seconds` from asking to the body's end, header names lower case."""

    status: int
    text: str
    seconds: Seconds
    headers: dict[str, str] = {}


class Http:
    """Asks over HTTP. No retries, no redirects, no cookies, no connection kept between questions.

    A fresh connection each time finds out what a new customer would: whether somebody accepts it now. `timeout` is the
    limit in seconds on a whole exchange, the last byte of the body included, unless a call gives its own. Proxies of
    the environment are used, but never for this machine. Messages show scheme, host and port of a URL, nothing else:
    the path of a webhook is a secret.
    """

    def __init__(self, redact: Redact, *, timeout: Seconds = 5.0) -> None:
        self._redact = redact
        self._timeout = timeout
        self._clients: dict[bool, httpx2.AsyncClient] = {}
        # It logs whole URLs at INFO, secret ones too; this door says itself what there is to say.
        logging.getLogger("httpx2").setLevel(logging.WARNING)

    async def get(
        self,
        url: str,
        timeout: Seconds | None = None,
        limit_bytes: int = TEXT_LIMIT,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """What `url` answers, whatever its status. Raises `Unanswered`, also for a body over `limit_bytes`."""
        return await self._ask("GET", url, b"", headers or {}, timeout, limit_bytes)

    async def post_json(
        self, url: str, payload: Any, headers: Mapping[str, str] | None = None, timeout: Seconds | None = None
    ) -> Answer:
        """What `url` answers to `payload`, sent as JSON. Raises `Unanswered`; the payload may then have arrived."""
        head = {"content-type": "application/json; charset=utf-8", **(headers or {})}
        return await self._ask("POST", url, json.dumps(payload).encode(), head, timeout, TEXT_LIMIT)

    async def post_form(
        self,
        url: str,
        fields: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        timeout: Seconds | None = None,
        limit_bytes: int = TEXT_LIMIT,
    ) -> Answer:
        """What `url` answers to `fields`, sent as a form is: for a question too long for a URL. Raises `Unanswered`."""
        head = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
        return await self._ask("POST", url, urlencode(fields).encode(), head, timeout, limit_bytes)

    async def aclose(self) -> None:
        """Close what is open. It may be used again afterwards."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    async def _ask(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], timeout: Seconds | None, limit: int
    ) -> Answer:
        limit_seconds = self._timeout if timeout is None else timeout
        try:
            async with asyncio.timeout(limit_seconds):
                return await self._exchange(method, url, body, headers, limit)
        except TimeoutError as error:
            raise Unanswered(self._place(url), f"no answer in {limit_seconds:g} s") from error
        except _TooLong as error:
            raise Unanswered(self._place(url), f"answered with more than {limit} bytes") from error
        except _FAILURES as error:
            sent = not isinstance(error, (httpx2.ConnectError, *_OURS))
            why, kind = self._redact(_reason(error)), type(error).__name__
            raise Unanswered(self._place(url), why, detail=kind, sent=sent) from error

    async def _exchange(self, method: str, url: str, body: bytes, headers: Mapping[str, str], limit: int) -> Answer:
        began = time.monotonic()
        client = self._client(url)
        async with client.stream(method, url, content=body or None, headers={**_PLAIN, **headers}) as response:
            text = self._redact((await _read(response, limit)).decode("utf-8", "replace"))
            kept = {name.lower(): self._redact(value) for name, value in response.headers.items()}
            return Answer(response.status_code, text, time.monotonic() - began, kept)

    def _client(self, url: str) -> httpx2.AsyncClient:
        """Made at first use: loading the certificates takes some 20 ms. No limits of its own; `_ask` has them."""
        local = _is_loopback(httpx2.URL(url).host)
        if local not in self._clients:
            self._clients[local] = httpx2.AsyncClient(trust_env=not local, timeout=None, limits=_NEVER_KEPT)
        return self._clients[local]

    def _place(self, url: str) -> str:
        return self._redact(place(url))


def place(url: str) -> str:
    """`url` as far as it may be shown: scheme, host and port, without user, path and query."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        return "the URL"
    if not parsed.host:
        return "the URL"
    host = f"[{parsed.host}]" if ":" in parsed.host else parsed.host
    return f"{parsed.scheme}://{host}" + (f":{parsed.port}" if parsed.port else "")


# The group is what is left of a port over 65535; the ValueErrors are headers and URLs that cannot be encoded.
_FAILURES = (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, ValueError, ExceptionGroup)
_OURS = (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, ValueError, ExceptionGroup)


class _TooLong(Exception):
    """The body is longer than was asked for."""


async def _read(response: httpx2.Response, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            raise _TooLong
    return bytes(body)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


_BY_ERRNO = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection reset",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "no route to the network",
    errno.ETIMEDOUT: "the connection timed out",
}


def _reason(error: BaseException) -> str:
    """Why nothing came, in a few words, from the deepest cause that says something."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return f"no TLS: {getattr(cause, 'verify_message', '') or cause.reason or 'handshake failed'}"
        if isinstance(cause, socket.gaierror):
            return "no such host"
        if isinstance(cause, OSError) and cause.errno in _BY_ERRNO:
            return _BY_ERRNO[cause.errno]
    if isinstance(error, httpx2.RemoteProtocolError):
        cut = "disconnected" in str(error).lower() or "closed" in str(error).lower()
        return "the connection was closed before the answer was complete" if cut else "what answers does not speak HTTP"
    if isinstance(error, _OURS):
        return "not a usable URL or header"
    # The library's own words could hold the URL: the kind of failure is told, not its text.
    if isinstance(error, httpx2.ProxyError):
        return "the proxy refused"
    return "cannot connect" if isinstance(error, httpx2.ConnectError) else "the connection broke"


def _causes(error: BaseException) -> list[BaseException]:
    """The error, what caused it, and so on; members of groups (one per address that was tried) included."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or one in found:
            continue
        found.append(one)
        waiting += [one.__context__, one.__cause__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
    return found
