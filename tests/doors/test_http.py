import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler

import pytest
from tests.fakes.web import body_of, dead_url, reply, serving

from hotfix_deploy_runner.doors.http import Answer, Http, Unanswered, place
from hotfix_deploy_runner.doors.redaction import Redactor

SECRET = "T000/B000/s3cr3tpath"


def get(url: str, timeout: float = 5.0, limit: int = 1_000_000, secrets: tuple[str, ...] = ()) -> Answer:
    return asyncio.run(Http(Redactor(secrets)).get(url, timeout, limit))


def why(url: str, timeout: float = 5.0, limit: int = 1_000_000) -> str:
    with pytest.raises(Unanswered) as caught:
        get(url, timeout, limit)
    assert caught.value.message == f"{place(url)}: {caught.value.why}"
    return caught.value.why


def waits_for(over: threading.Event, asked: threading.Event | None = None) -> Callable[[object], None]:
    """Answers nothing until `over`; sets `asked` when it was reached."""

    def hang(_: object) -> None:
        if asked:
            asked.set()
        over.wait(10)

    return hang


@contextmanager
def raw(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server below HTTP: `talk` gets the first connection once the request's head has come."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                talk(connection)

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
        assert not thread.is_alive()


def test_an_answer_has_status_text_headers_and_duration() -> None:
    def slow(request: BaseHTTPRequestHandler) -> None:
        time.sleep(0.05)
        reply(request, "grüezi", 503, {"X-Reason": "tired"})

    with serving(slow) as url:
        answer = get(url)
    assert (answer.status, answer.text, answer.headers["x-reason"]) == (503, "grüezi", "tired")
    assert 0.05 <= answer.seconds < 4


def test_json_is_posted() -> None:
    seen: list[tuple[str | None, str | None, object]] = []

    def take(request: BaseHTTPRequestHandler) -> None:
        seen.append((request.headers["Content-Type"], request.headers["X-Key"], json.loads(body_of(request))))
        reply(request, "ok")

    with serving(take) as url:
        answer = asyncio.run(Http(Redactor()).post_json(url, {"a": ["é", None]}, {"x-key": "1"}))
    assert answer.text == "ok"
    assert seen == [("application/json; charset=utf-8", "1", {"a": ["é", None]})]


def test_no_compressed_body_is_asked_for() -> None:
    with serving(lambda request: reply(request, request.headers["Accept-Encoding"])) as url:
        assert get(url).text == "identity"


def test_nobody_listens() -> None:
    assert why(dead_url()) == "connection refused"


def test_no_such_host() -> None:
    assert why("http://nobody.invalid/") == "no such host"


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1/x", "http://", "http://[::1", "http://127.0.0.1:99999/"])
def test_an_unusable_url_is_unanswered(url: str) -> None:
    assert why(url) == "not a usable URL or header"


def test_silence_ends_with_the_time_limit() -> None:
    over = threading.Event()
    with raw(waits_for(over)) as url:
        began = time.monotonic()
        assert why(url, timeout=0.2) == "no answer in 0.2 s"
        over.set()
    assert time.monotonic() - began < 3


def test_a_trickling_body_does_not_outlast_the_time_limit() -> None:
    over = threading.Event()

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        with suppress(OSError):
            while not over.wait(0.02):
                connection.sendall(b"x")

    with raw(trickle) as url:
        began = time.monotonic()
        assert why(url, timeout=0.3) == "no answer in 0.3 s"
        over.set()
    assert time.monotonic() - began < 3


def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not() -> None:
    with serving(lambda request: reply(request, b"x" * 1000)) as url:
        assert get(url, limit=1000).text == "x" * 1000
        assert why(url, limit=999) == "answered with more than 999 bytes"


def test_an_endless_body_is_given_up_at_the_limit() -> None:
    def flood(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                connection.sendall(b"x" * 65_536)

    with raw(flood) as url:
        assert why(url, limit=100_000) == "answered with more than 100000 bytes"


def test_a_connection_that_is_reset() -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    with raw(reset) as url:
        assert why(url) == "connection reset"


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"])
def test_an_answer_that_is_cut_off(sent: bytes) -> None:
    with raw(lambda connection: connection.sendall(sent)) as url:
        assert why(url) == "the connection was closed before the answer was complete"


def test_what_does_not_speak_http() -> None:
    with raw(lambda connection: connection.sendall(b"220 mail.example ESMTP\r\n\r\n")) as url:
        assert why(url) == "what answers does not speak HTTP"


def test_what_does_not_speak_tls() -> None:
    with serving(lambda request: reply(request)) as url:
        assert why(url.replace("http:", "https:")).startswith("no TLS")


def test_a_redirect_is_an_answer() -> None:
    with serving(lambda request: reply(request, "", 302, {"Location": "http://elsewhere.invalid/"})) as url:
        assert get(url).status == 302


def test_the_environments_proxy_is_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", dead_url())
    monkeypatch.setenv("http_proxy", dead_url())
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serving(lambda request: reply(request, "direct")) as url:
        assert get(url).text == "direct"
        assert get(url.replace("127.0.0.1", "localhost")).text == "direct"


def test_the_environments_proxy_is_used_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serving(lambda request: reply(request, f"proxied {request.path}")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("http_proxy", proxy)
        assert get("http://elsewhere.invalid/x").text == "proxied http://elsewhere.invalid/x"


def test_secrets_are_taken_out_of_the_answer() -> None:
    with serving(lambda request: reply(request, "password hunter22!", 200, {"X-Echo": "hunter22"})) as url:
        answer = get(url, secrets=("hunter22",))
    assert answer.text == "password [redacted]!"
    assert answer.headers["x-echo"] == "[redacted]"


@pytest.mark.parametrize("failure", ["refused", "late", "unusable"])
def test_a_secret_url_is_never_shown(failure: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    over = threading.Event()
    with serving(waits_for(over)) as late:
        base = {"refused": dead_url(), "late": late, "unusable": "http://127.0.0.1:99999"}[failure]
        with pytest.raises(Unanswered) as caught:
            get(f"{base.replace('://', '://me:pw@')}/{SECRET}?k={SECRET}", timeout=0.2)
        over.set()
    error = caught.value
    for shown in (error.message, error.detail, error.why, error.next_step, str(error), caplog.text):
        assert "s3cr3tpath" not in shown and "pw" not in shown


def test_a_secret_url_that_is_answered_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(lambda request: reply(request, "ok")) as url:
        assert asyncio.run(Http(Redactor()).post_json(f"{url}/{SECRET}", {})).status == 200
    assert "s3cr3tpath" not in caplog.text


def test_many_questions_at_once_and_again_after_closing() -> None:
    async def ask() -> list[int]:
        http = Http(Redactor())
        answers = await asyncio.gather(*(http.get(url) for _ in range(150)))
        await http.aclose()
        return [answer.status for answer in [*answers, await http.get(url)]]

    with serving(lambda request: reply(request, "ok")) as url:
        assert asyncio.run(ask()) == [200] * 151


def test_those_that_hang_hold_up_nobody_else() -> None:
    async def ask() -> int:
        http = Http(Redactor())
        stuck = [asyncio.create_task(http.get(mute, 30.0)) for _ in range(120)]
        await asyncio.to_thread(asked.wait, 5)
        answer = await http.get(lively, 3.0)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
        return answer.status

    asked, over = threading.Event(), threading.Event()
    with serving(waits_for(over, asked)) as mute, serving(lambda request: reply(request, "ok")) as lively:
        assert asyncio.run(ask()) == 200
        over.set()


def test_a_cancelled_question_ends_at_once() -> None:
    async def cancel() -> float:
        task = asyncio.create_task(Http(Redactor()).get(url, 30.0))
        await asyncio.to_thread(asked.wait, 5)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - began

    asked, over = threading.Event(), threading.Event()
    with serving(waits_for(over, asked)) as url:
        assert asyncio.run(cancel()) < 1
        over.set()
    assert asked.is_set()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.slack.com/services/T/B/x", "https://hooks.slack.com"),
        ("http://me:pw@127.0.0.1:81/x?y#z", "http://127.0.0.1:81"),
        ("http://[::1]:81/x", "http://[::1]:81"),
        ("secret-without-a-scheme", "the URL"),
    ],
)
def test_place_is_scheme_host_and_port(url: str, shown: str) -> None:
    assert place(url) == shown
