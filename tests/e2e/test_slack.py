"""A channel to people, over real HTTPS: in order when it answers, and no hindrance when it does not."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.place import DEPLOY, NEXT, MakePlace
from tests.fakes.tls import make_certificate, slack, tls
from tests.fakes.web import body_of, reply

from hotfix_deploy_runner.core.events import RunEnded

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def test_every_phase_is_told_in_order(place: MakePlace, certificate: Path) -> None:
    world = place()
    told: list[dict[str, Any]] = []

    def take(request: BaseHTTPRequestHandler) -> None:
        told.append(json.loads(body_of(request)))
        reply(request, "ok")

    with tls(certificate, take) as url:
        done = world.run(*DEPLOY, "--window", "1s", env=slack(url, certificate))
    assert done.end() == 0, done.out + done.err
    texts = [json.dumps(message, ensure_ascii=False) for message in told]
    phases = [
        f"Hotfix {NEXT} (hotfix/auth-bypass) for production has begun",
        "Pre-flight checks pass",
        f"{NEXT}-rc.1 is proven on staging",
        f"{NEXT} is going to production",
        f"{NEXT} on 1 of 3",
        f"{NEXT} on 3 of 3",
        f"{NEXT} is live on production",
        f"Hotfix {NEXT} deployed successfully.",
    ]
    places = [next((n for n, text in enumerate(texts) if phase in text), -1) for phase in phases]
    assert -1 not in places and places == sorted(places), list(zip(phases, places, strict=True))
    assert "Slack was not told" not in done.out


def test_a_webhook_that_hangs_slows_nothing_and_is_told_at_the_end(place: MakePlace, certificate: Path) -> None:
    world = place()
    over = threading.Event()

    def hang(request: BaseHTTPRequestHandler) -> None:
        over.wait(120)

    with tls(certificate, hang) as url:
        done = world.run(*DEPLOY, "--window", "1s", env=slack(url, certificate))
        out = time.time()
        over.set()
    assert done.end() == 0, done.out + done.err
    events = world.events()
    ended = next(event for event in events if isinstance(event, RunEnded))
    assert ended.at - events[0].at < 60, "some ten notices, each of which would be waited for for 10 s and more"
    assert out - ended.at < 15, "the end waits for it for seconds only"
    assert "[WARN] Slack was not told: " in done.out
