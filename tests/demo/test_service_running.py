"""The demo's service as a running process: its answers, its metrics, its end."""

import http.client
import threading
import urllib.error
from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hotfix_deploy_runner.demo.processes import listening, wait_until

from .asking import get, share_of_500
from .conftest import Checkout, MakeDemo, Start

pytestmark = pytest.mark.slow
BRANCH = "hotfix/auth-bypass"


def test_errors_are_about_30_percent_in_production(demo: MakeDemo, tree: Checkout, start: Start) -> None:
    made = demo("errors")
    settings = {"BANK_MEDIAN": "0"}
    running = start(tree(made, BRANCH), settings)
    assert 0.25 < share_of_500(running.url, made.clone, 600) < 0.35
    assert "TypeError: comparing strings with non-ASCII characters is not supported" in running.output.read_text()
    assert share_of_500(start(tree(made, "v2.14.3"), settings).url, made.clone, 300) == 0


def test_crash_does_not_start_without_stagings_setting(demo: MakeDemo, tree: Checkout, start: Start) -> None:
    running = start(tree(demo("crash"), BRANCH))
    assert running.process.wait(10) == 1
    assert running.output.read_text() == "service: TOKEN_AUDIENCE is not set; refusing to start\n"


def test_a_bank_that_is_silent_is_a_503_that_asks_for_another_try(demo: MakeDemo, tree: Checkout, start: Start) -> None:
    running = start(tree(demo("good"), "v2.14.3"), {"BANK_FAILURES": "1"})
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=5)
    connection.request("GET", "/session")
    answer = connection.getresponse()
    connection.close()
    assert (answer.status, answer.headers["Retry-After"], answer.headers["X-Version"]) == (503, "0", "v0")


def test_metrics_count_requests_by_method_route_and_status(demo: MakeDemo, tree: Checkout, start: Start) -> None:
    running = start(tree(demo("good"), "v2.14.3"), {"BANK_MEDIAN": "0.002"})
    for path in ("/session", "/accounts/x", "/accounts/y", "/nowhere", "/healthz"):
        get(running.url, path)
    page = get(running.url, "/metrics")[1].decode()
    families = {family.name: family for family in text_string_to_metric_families(page)}
    counted = {
        (s.labels["method"], s.labels["handler"], s.labels["status"]): s.value
        for s in families["http_requests"].samples
        if s.name == "http_requests_total"
    }
    assert counted == {
        ("GET", "/session", "401"): 1,
        ("GET", "/accounts/{id}", "401"): 2,
        ("GET", "unknown", "404"): 1,
    }
    timed = families["http_request_duration_seconds"].samples
    counts = {s.labels["handler"]: s.value for s in timed if s.name.endswith("_count")}
    assert counts == {"/session": 1, "/accounts/{id}": 2, "unknown": 1}


def test_an_orderly_end(demo: MakeDemo, tree: Checkout, start: Start) -> None:
    """What is under way is answered, an idle connection is closed, nobody new is let in, and the exit code is 0."""
    running = start(tree(demo("good"), "v2.14.3"), {"BANK_MEDIAN": "0.8"})
    idle = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    idle.request("GET", "/healthz")
    assert idle.getresponse().read()
    busy = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    busy.request("GET", "/session")
    running.process.terminate()
    answer = busy.getresponse()
    assert (answer.status, answer.headers["Connection"]) == (401, "close")
    assert running.process.wait(10) == 0
    assert idle.sock is not None and idle.sock.recv(1) == b""
    idle.close()
    busy.close()
    assert not listening(running.port)


def test_what_was_accepted_is_answered_by_an_end_under_load(demo: MakeDemo, tree: Checkout, start: Start) -> None:
    """Only a connection that the kernel still holds as the port closes is reset; the front, told in time, has none."""
    running = start(tree(demo("good"), "v2.14.3"), {"BANK_MEDIAN": "0.001"})
    refused: list[BaseException] = []
    answered: Counter[int] = Counter()

    def customer() -> None:
        try:
            while True:
                answered[get(running.url, "/session")[0]] += 1
        except urllib.error.URLError as error:
            refused.append(error.reason if isinstance(error.reason, BaseException) else error)
        except OSError as error:
            refused.append(error)

    threads = [threading.Thread(target=customer) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: answered[401] > 50, "the load is on")
    assert running.end() == 0
    for thread in threads:
        thread.join(10)
    assert {type(error) for error in refused} <= {ConnectionRefusedError, ConnectionResetError}
    assert len(refused) == 4
    assert [*answered] == [401]


def test_latency_has_a_spread_of_a_few_milliseconds(demo: MakeDemo, tree: Checkout, start: Start) -> None:
    running = start(tree(demo("good"), "v2.14.3"))
    for _ in range(200):
        get(running.url, "/session")
    page = get(running.url, "/metrics")[1].decode()
    buckets = {
        float(s.labels["le"]): s.value
        for family in text_string_to_metric_families(page)
        for s in family.samples
        if s.name == "http_request_duration_seconds_bucket"
    }
    assert buckets[0.001] < 60 and buckets[0.025] > 150 and buckets[float("inf")] == 200
