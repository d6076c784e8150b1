import asyncio
from pathlib import Path

import httpx2
import pytest

from hotfix_deploy_runner.demo.front import STATUS_PATH
from hotfix_deploy_runner.demo.ports import free_block

from .backends import Backend, fronted, publish, raw_backend


def test_requests_go_round_and_are_counted(tmp_path: Path) -> None:
    async def story() -> None:
        backends = [await Backend(name).open() for name in "abc"]
        publish(tmp_path / "serving.json", *(b.port for b in backends))
        async with fronted(tmp_path / "serving.json") as (client, _):
            names = [(await client.get("/x")).text for _ in range(9)]
            assert sorted(names) == sorted("abc" * 3)
            counts = (await client.get(STATUS_PATH)).json()
            assert counts == {f"http://127.0.0.1:{b.port}": 3 for b in backends}
        for backend in backends:
            await backend.close()

    asyncio.run(story())


def test_the_request_is_passed_on_whole(tmp_path: Path) -> None:
    got: list[bytes] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\r\n\r\n"))
        body = await reader.readexactly(70_000)
        writer.write(b"HTTP/1.1 201 Created\r\nX-Version: v1\r\nConnection: close\r\n\r\n" + body[::-1])
        writer.close()

    async def story() -> None:
        async with raw_backend(echo) as port:
            publish(tmp_path / "serving.json", port)
            async with fronted(tmp_path / "serving.json") as (client, _):
                body = bytes(range(250)) * 280
                answer = await client.post("/a%20b?q=1", content=body, headers={b"X-Mine": "é".encode("latin-1")})
                assert (answer.status_code, answer.headers["X-Version"]) == (201, "v1")
                assert answer.content == body[::-1]
        head = got[0].decode("latin-1")
        assert head.startswith("POST /a%20b?q=1 HTTP/1.1\r\n")
        assert "\r\nX-Mine: é\r\n" in head
        assert head.lower().count("\r\nconnection: close") == 1
        assert "keep-alive" not in head

    asyncio.run(story())


@pytest.mark.slow
def test_no_request_fails_while_the_endpoints_change(tmp_path: Path) -> None:
    """Every backend is replaced again and again under load, each leaving once the list is without it."""

    async def story() -> None:
        serving = tmp_path / "serving.json"
        living = [await Backend(f"old{i}", delay=0.01).open() for i in range(3)]
        publish(serving, *(b.port for b in living))
        statuses: list[int] = []
        stop = asyncio.Event()

        async def customer(client: httpx2.AsyncClient) -> None:
            while not stop.is_set():
                statuses.append((await client.get("/x")).status_code)

        async with fronted(serving) as (client, front):
            customers = [asyncio.create_task(customer(client)) for _ in range(6)]
            for number in range(30):
                seen = len(statuses)
                gone = living.pop(0)
                living.append(await Backend(f"new{number}", delay=0.01).open())
                publish(serving, *(b.port for b in living))
                while len(statuses) < seen + 12:
                    await asyncio.sleep(0.005)
                await gone.close()
            stop.set()
            await asyncio.gather(*customers)
            assert {*statuses} == {200}
            assert len(statuses) >= 30 * 12
            assert not [name for name in front.counts if not name.startswith("http://")]
        for backend in living:
            await backend.close()

    asyncio.run(story())


def test_a_refused_connection_goes_to_another_endpoint(tmp_path: Path) -> None:
    async def story() -> None:
        backend, dead = await Backend("alive").open(), free_block(1)[0]
        publish(tmp_path / "serving.json", dead, backend.port)
        async with fronted(tmp_path / "serving.json") as (client, front):
            assert {(await client.get("/x")).text for _ in range(6)} == {"alive"}
            assert front.counts[f"refused by http://127.0.0.1:{dead}"] == 3
        await backend.close()

    asyncio.run(story())
