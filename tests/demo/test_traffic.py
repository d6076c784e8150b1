import asyncio
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path

import httpx2
import pytest

from hotfix_deploy_runner.demo.customers import Customers
from hotfix_deploy_runner.demo.measure import parse
from hotfix_deploy_runner.demo.processes import wait_until
from hotfix_deploy_runner.demo.traffic import Traffic


class Bank(BaseHTTPRequestHandler):
    """Answers logins with a token and everything else with what the server's `answers` say next, else 200."""

    protocol_version = "HTTP/1.1"
    server: "BankServer"

    def do_GET(self) -> None:
        status, headers = (200, {}) if self.path == "/login" else next(self.server.answers, (200, {}))
        self.server.seen.append((self.command, self.path))
        body = json.dumps({"token": "a token"}).encode()
        self.send_response(status)
        for name, value in {"X-Version": "v1", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


class BankServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Bank)
        self.answers: Iterator[tuple[int, dict[str, str]]] = iter(())
        self.seen: list[tuple[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def bank() -> Iterator[BankServer]:
    server = BankServer()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def send(url: str, rate: float, seconds: float, names: tuple[str, ...] = ("alice",)) -> StringIO:
    """Run the traffic in this process; its log."""
    log, source = StringIO(), random.Random(3)
    customers = Customers([*names], "open sesame", source, time.time)
    customers._tokens = dict.fromkeys(names, "a token")

    async def run() -> None:
        async with httpx2.AsyncClient(base_url=url, trust_env=False) as client:
            await Traffic(client, customers, log, source).run(rate, asyncio.Event(), seconds)

    asyncio.run(run())
    return log


def test_each_request_is_a_line(bank: BankServer) -> None:
    answers = parse(send(bank.url, 200, 0.5).getvalue())
    assert len(answers) == len(bank.seen) > 50
    assert {(answer.status, answer.version, answer.tries, answer.error) for answer in answers} == {(200, "v1", 1, "")}
    assert all(answer.ms > 0 for answer in answers)


def test_the_rate_is_kept_in_the_mean(bank: BankServer) -> None:
    assert 50 <= len(parse(send(bank.url, 100, 0.8).getvalue())) <= 115


def test_the_loop_is_open(bank: BankServer) -> None:
    """A server that does not answer at once does not slow the requests that are due."""
    release = threading.Event()
    original = Bank.do_GET

    def slow(self: Bank) -> None:
        release.wait(5)
        original(self)

    threading.Timer(0.6, release.set).start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bank, "do_GET", slow)
        answers = parse(send(bank.url, 60, 0.5).getvalue())
    assert len(answers) > 15
    assert answers[0].ms > 400
    assert answers[-1].t - answers[0].t < 0.6


def test_no_answer_is_a_failure_with_its_reason() -> None:
    answers = parse(send("http://127.0.0.1:1", 100, 0.2).getvalue())
    assert answers
    assert {(a.status, a.error, a.failed) for a in answers} == {(0, "ConnectError", True)}


def test_503_with_retry_after_is_tried_once_more(bank: BankServer) -> None:
    bank.answers = iter([(503, {"Retry-After": "0"})])
    answers = parse(send(bank.url, 100, 0.3).getvalue())
    assert [answer.tries for answer in answers].count(2) == 1
    assert not [answer for answer in answers if answer.failed]
    assert len(bank.seen) == len(answers) + 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_other_errors_are_failures_at_once(bank: BankServer, status: int) -> None:
    bank.answers = iter([(status, {})] * 10_000)
    answers = [a for a in parse(send(bank.url, 100, 0.3).getvalue()) if a.kind != "login"]
    assert answers
    assert {(a.status, a.tries, a.failed) for a in answers} == {(status, 1, True)}


def test_a_second_503_is_a_failure(bank: BankServer) -> None:
    bank.answers = iter([(503, {"Retry-After": "0"})] * 10_000)
    answers = [a for a in parse(send(bank.url, 100, 0.3).getvalue()) if a.kind != "login"]
    assert {(a.status, a.tries, a.failed) for a in answers} == {(503, 2, True)}


def test_a_rate_of_nothing_sends_nothing(bank: BankServer) -> None:
    assert send(bank.url, 0, 0.2).getvalue() == ""


@pytest.mark.slow
def test_the_command_ends_on_term_with_a_summary(bank: BankServer, tmp_path: Path) -> None:
    customers, log = tmp_path / "customers.json", tmp_path / "traffic.jsonl"
    customers.write_text('{"names": ["zoë"], "password": "open sesame"}')
    command = [sys.executable, "-m", "hotfix_deploy_runner.demo.traffic", "--url", bank.url, "--rate", "100"]
    command += ["--customers", str(customers), "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        wait_until(lambda: log.exists() and log.read_text().count("\n") > 20, "lines while it runs")
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
    answers = parse(log.read_text())
    figures = json.loads(output)
    assert process.returncode == 0
    assert figures["sent"] == len(answers) == len(bank.seen)
    assert figures["failed"] == 0
    assert figures["statuses"] == {"200": len(answers)}


@pytest.mark.slow
def test_the_command_ends_by_itself(bank: BankServer, tmp_path: Path) -> None:
    customers, log = tmp_path / "customers.json", tmp_path / "traffic.jsonl"
    customers.write_text('{"names": ["zoë"], "password": "open sesame"}')
    command = [sys.executable, "-m", "hotfix_deploy_runner.demo.traffic", "--url", bank.url, "--seconds", "0.3"]
    command += ["--customers", str(customers), "--log", str(log)]
    subprocess.run(command, check=True, timeout=20, capture_output=True)
    assert parse(log.read_text())
