"""What is wrong with the branch of each scenario, seen on the running service and not on its release."""

import json
import socket
import time
from pathlib import Path

import pytest

from hotfix_deploy_runner.demo.customers import Errand

from .asking import ask, get, share_of_500
from .conftest import Checkout, MakeDemo, Start
from .test_service import run_tests

pytestmark = pytest.mark.slow
BRANCH, RELEASE = "hotfix/auth-bypass", "v2.14.3"
NO_BANK = {"BANK_MEDIAN": "0"}


def login(url: str, user: str) -> str:
    status, body = ask(url, Errand("login", user, "POST", "/login", {"user": user, "password": "open sesame"}))
    assert status == 200
    return str(json.loads(body)["token"])


def test_not_worse_brings_30_percent_of_errors_down_to_8(demo: MakeDemo, tree: Checkout, start: Start) -> None:
    made = demo("not-worse")
    before = share_of_500(start(tree(made, RELEASE), NO_BANK).url, made.clone, 900)
    after = share_of_500(start(tree(made, BRANCH), NO_BANK).url, made.clone, 900)
    assert 0.25 < before < 0.35
    assert 0.06 < after < 0.10


def test_slow_lets_logins_wait_and_nothing_else(demo: MakeDemo, tree: Checkout, start: Start) -> None:
    made = demo("slow")

    def seconds(ref: str) -> tuple[float, float]:
        """Of a login, and of what comes after it."""
        url = start(tree(made, ref), NO_BANK).url
        begun = time.monotonic()
        token = login(url, "alice")
        logged_in = time.monotonic()
        assert ask(url, Errand("session", "alice", "GET", "/session", token=token))[0] == 200
        return logged_in - begun, time.monotonic() - logged_in

    login_now, session_now = seconds(BRANCH)
    assert login_now >= 0.25
    assert max(*seconds(RELEASE), session_now) < 0.25


def test_hang_answers_until_it_has_met_too_many_and_then_only_its_operators(
    demo: MakeDemo, tree: Checkout, start: Start
) -> None:
    made = demo("hang")
    names = json.loads((made.clone / "service/customers.json").read_text())["names"][:17]
    release = start(tree(made, RELEASE), NO_BANK)
    assert all(login(release.url, name) for name in names)
    running = start(tree(made, BRANCH), NO_BANK)
    tokens = [login(running.url, name) for name in names[:16]]
    assert ask(running.url, Errand("session", "", "GET", "/session", token=tokens[0]))[0] == 200
    for errand in (
        Errand("login", names[16], "POST", "/login", {"user": names[16], "password": "open sesame"}),
        Errand("session", "", "GET", "/session", token=tokens[0]),
    ):
        assert _is_silent(running.port, errand)
    assert [get(running.url, path)[0] for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 200]


def _is_silent(port: int, errand: Errand) -> bool:
    """Whether the request is taken and nothing comes back within a second."""
    body = b"" if errand.content is None else json.dumps(errand.content).encode()
    head = f"{errand.method} {errand.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {errand.token}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        try:
            connection.recv(1)
        except TimeoutError:
            return True
    return False


def test_blind_hides_the_metrics_where_they_are_internal(demo: MakeDemo, tree: Checkout, start: Start) -> None:
    made = demo("blind")
    branch = tree(made, BRANCH)
    hidden = start(branch, {"METRICS": "internal"})
    assert [get(hidden.url, path)[0] for path in ("/metrics", "/healthz", "/readyz")] == [404, 200, 200]
    assert get(start(branch).url, "/metrics")[0] == 200
    assert get(start(tree(made, RELEASE), {"METRICS": "internal"}).url, "/metrics")[0] == 200


@pytest.mark.parametrize("ref", [RELEASE, BRANCH])
def test_the_probes_pass_and_change_nothing(
    demo: MakeDemo, tree: Checkout, environment: Path, start: Start, ref: str
) -> None:
    folder = tree(demo("quiet"), ref)
    running = start(folder)
    assert run_tests(environment, folder, "probes", url=running.url) == (3, {})
    page = get(running.url, "/metrics")[1].decode()
    answered = {line.partition("{")[2].partition("}")[0] for line in page.splitlines() if "requests_total{" in line}
    assert answered and all('method="GET"' in labels for labels in answered)


def test_the_probes_fail_where_nobody_answers(demo: MakeDemo, tree: Checkout, environment: Path) -> None:
    count, failed = run_tests(environment, tree(demo("quiet"), BRANCH), "probes", url="http://127.0.0.1:1")
    assert count == len(failed) == 3
