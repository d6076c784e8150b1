"""What a probe says of the many ways in which a port can answer."""

import asyncio

import pytest

from hotfix_deploy_runner.platforms.process.probe import Probe


def asked(answer: bytes | None, path: str = "/readyz?deep=1", *, limit: float = 5.0) -> tuple[str, bytes]:
    """What the probe says of a port that answers these bytes and hangs up (None: it stays silent), and was sent."""
    seen = b""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen = await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()

    async def ask() -> str:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            return await Probe((path,), limit).ask(server.sockets[0].getsockname()[1])

    return asyncio.run(ask()), seen


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
        (b"HTTP/1.0 204\r\n\r\n", ""),
        (b"HTTP/1.1 200 OK\n\n", ""),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", ""),
        (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 503 No\r\n\r\n", "GET /readyz: 503"),
        (b"HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", "GET /readyz: 301"),
        (b"HTTP/1.1 500 \xff\r\n\r\n", "GET /readyz: 500"),
        (b"", "GET /readyz: the connection was closed without an answer"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", "GET /readyz: the connection was closed without an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "GET /readyz: what answers does not speak HTTP"),
        (b"HTTP/1.1 20", "GET /readyz: what answers does not speak HTTP"),
    ],
)
def test_only_2xx_is_ready_and_everything_else_is_told_in_words(answer: bytes, why: str) -> None:
    assert asked(answer)[0] == why


def test_a_line_without_an_end_is_no_answer() -> None:
    assert asked(b"x" * 200_000)[0].startswith("GET /readyz: ")


def test_one_that_stays_silent_is_given_up() -> None:
    assert asked(None, limit=0.05)[0] == "GET /readyz: no answer in 0.05 s"


def test_nobody_there_is_told_as_that() -> None:
    async def ask() -> str:
        server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        return await Probe(("/healthz",), 5.0).ask(port)

    assert asyncio.run(ask()) == "GET /healthz: connection refused"


def test_what_is_sent_is_a_request_and_no_more() -> None:
    _, seen = asked(b"HTTP/1.1 200 OK\r\n\r\n", "/re ad\r\nyz?a=ü%20b")
    first, host, *rest = seen.decode().split("\r\n")
    assert first == "GET /re%20ad%0D%0Ayz?a=%C3%BC%20b HTTP/1.1"
    assert host.startswith("Host: 127.0.0.1:") and rest == ["Connection: close", "", ""]
