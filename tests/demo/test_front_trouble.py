"""The front before instances that fail, hang or are not there, and clients that talk rubbish."""

import asyncio
import contextlib
import socket
from pathlib import Path

import httpx2
import pytest

from hotfix_deploy_runner.demo.front import Endpoints, Front

from .backends import Backend, fronted, publish, raw_backend


def test_a_request_that_an_instance_has_begun_is_not_sent_again(tmp_path: Path) -> None:
    async def give_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async def story() -> None:
        other = await Backend("other").open()
        async with raw_backend(give_up) as port:
            publish(tmp_path / "serving.json", port, other.port)
            async with fronted(tmp_path / "serving.json") as (client, front):
                assert sorted([(await client.post("/pay")).status_code for _ in range(4)]) == [200, 200, 502, 502]
                assert (len(other.requests), front.counts["502 Bad Gateway"]) == (2, 2)
        await other.close()

    asyncio.run(story())


def test_an_answer_that_breaks_off_is_broken_off(tmp_path: Path) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.transport.abort()

    async def story() -> None:
        async with raw_backend(half) as port:
            publish(tmp_path / "serving.json", port)
            async with fronted(tmp_path / "serving.json") as (client, _):
                with pytest.raises(httpx2.HTTPError):
                    await client.get("/x")

    asyncio.run(story())


def test_an_instance_that_hangs_is_a_504(tmp_path: Path) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def story() -> None:
        async with raw_backend(hang) as port:
            publish(tmp_path / "serving.json", port)
            async with fronted(tmp_path / "serving.json", patience=0.2) as (client, _):
                assert (await client.get("/x")).status_code == 504

    asyncio.run(story())


@pytest.mark.parametrize("content", [None, '{"endpoints": []}', "{", '{"other": 1}'])
def test_without_endpoints_it_says_so(tmp_path: Path, content: str | None) -> None:
    async def story() -> None:
        if content is not None:
            (tmp_path / "serving.json").write_text(content)
        async with fronted(tmp_path / "serving.json") as (client, front):
            answer = await client.get("/x")
            assert (answer.status_code, answer.json()) == (503, {"error": "nobody there"})
            assert front.counts == {"nobody there": 1}

    asyncio.run(story())


def test_a_list_that_cannot_be_read_leaves_the_last_one(tmp_path: Path) -> None:
    serving = tmp_path / "serving.json"
    endpoints = Endpoints(serving)
    publish(serving, 1, 2)
    assert sorted(endpoints.in_turn()) == ["http://127.0.0.1:1", "http://127.0.0.1:2"]
    serving.write_text("{")
    assert len([*endpoints.in_turn()]) == 2
    serving.unlink()
    assert len([*endpoints.in_turn()]) == 2
    publish(serving, 3)
    assert [*endpoints.in_turn()] == ["http://127.0.0.1:3"]


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"x" * 100_000,
        b"GET / HTTP/1.1\r\n",
    ],
)
def test_a_client_that_talks_rubbish_does_no_harm(tmp_path: Path, rubbish: bytes) -> None:
    async def story() -> None:
        backend = await Backend("fine").open()
        publish(tmp_path / "serving.json", backend.port)
        async with fronted(tmp_path / "serving.json", patience=0.3) as (client, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
            with contextlib.suppress(OSError):
                writer.write(rubbish)
                await writer.drain()
                await reader.read()
            writer.close()
            assert (await client.get("/x")).text == "fine"
        await backend.close()

    asyncio.run(story())


def test_a_port_that_is_taken_is_an_error(tmp_path: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        with pytest.raises(OSError, match=str(port)):
            asyncio.run(Front(Endpoints(tmp_path / "serving.json")).serve(port, asyncio.Event()))
