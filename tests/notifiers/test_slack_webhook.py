import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from tests.fakes.notifier import Behaviour, Channel, NotifierContract, a_notice
from tests.fakes.slack import text_of
from tests.fakes.web import body_of, dead_url, reply, serving

from hotfix_deploy_runner.doors.http import Http
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import NotTold
from hotfix_deploy_runner.notifiers.slack_message import SECTION_LIMIT
from hotfix_deploy_runner.notifiers.slack_webhook import SlackWebhook

PATH = "/services/T000/B000/s3cr3thook"


class Webhook:
    """Imitates Slack's side: checks a payload's shape, answers with Slack's own words.

    Words and limits are from the webhook's documentation: `ok`, `invalid_payload`, `no_text`, `no_service`.
    """

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.answers: list[tuple[int, str, dict[str, str]]] = []
        self.over = threading.Event()
        self.hangs = False

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        body = body_of(request)
        if self.hangs:
            self.over.wait(10)
        elif self.answers:
            status, word, headers = self.answers.pop(0)
            reply(request, word, status, headers)
        elif request.path != PATH:
            reply(request, "no_service", 404)
        else:
            self._take(request, json.loads(body))

    def _take(self, request: BaseHTTPRequestHandler, payload: dict[str, Any]) -> None:
        blocks = [block for bar in payload["attachments"] for block in bar["blocks"]]
        if not payload.get("text"):
            reply(request, "no_text", 400)
        elif any(not 0 < len(text_of(block)) <= 3000 for block in blocks):
            reply(request, "invalid_blocks", 400)
        else:
            self.taken.append(payload)
            reply(request, "ok")


@contextmanager
def slack(path: str = PATH, timeout: float = 5.0) -> Iterator[tuple[SlackWebhook, Webhook]]:
    webhook = Webhook()
    with serving(webhook) as url:
        yield SlackWebhook(url + path, Http(Redactor()), Redactor(), timeout=timeout), webhook
        webhook.over.set()


class TestSlackKeepsTheContract(NotifierContract):
    @contextmanager
    def channel(self, behaviour: Behaviour) -> Iterator[Channel]:
        with slack() as (notifier, webhook):
            webhook.hangs = behaviour == "hangs"
            if behaviour == "refuses once":
                webhook.answers = [(500, "rollup_error", {})]
            yield notifier, lambda: [payload["text"] for payload in webhook.taken]


def refusal(notifier: SlackWebhook) -> str:
    with pytest.raises(NotTold) as caught:
        asyncio.run(notifier.tell(a_notice(), None))
    assert "s3cr3thook" not in f"{caught.value.message}{caught.value.detail}{caught.value.next_step}"
    return caught.value.message


@pytest.mark.parametrize(
    ("status", "word"),
    [(400, "invalid_payload"), (403, "action_prohibited"), (404, "channel_not_found"), (500, "rollup_error")],
)
def test_a_refusal_has_slacks_own_word(status: int, word: str) -> None:
    with slack() as (notifier, webhook):
        webhook.answers = [(status, word, {})]
        assert refusal(notifier) == f"Slack did not take the notice: HTTP {status}: {word}"


def test_a_webhook_that_was_removed() -> None:
    with slack(path="/services/T000/B000/s3cr3thook-old") as (notifier, _):
        assert refusal(notifier) == "Slack did not take the notice: HTTP 404: no_service"


@pytest.mark.parametrize(("wait", "after"), [("30", 30.0), ("soon", 0.0)])
def test_how_long_to_wait_is_handed_on(wait: str, after: float) -> None:
    with slack() as (notifier, webhook):
        webhook.answers = [(429, "rate_limited", {"Retry-After": wait})]
        with pytest.raises(NotTold) as caught:
            asyncio.run(notifier.tell(a_notice(), None))
    assert caught.value.after == after and not caught.value.maybe


def test_too_many_requests_tells_how_long_to_wait_and_does_not_wait() -> None:
    with slack() as (notifier, webhook):
        webhook.answers = [(429, "rate_limited", {"Retry-After": "30"})]
        began = time.monotonic()
        assert "HTTP 429: rate_limited (asks to wait 30 s)" in refusal(notifier)
    assert time.monotonic() - began < 5


def test_a_login_page_with_status_200_is_no_success() -> None:
    with slack() as (notifier, webhook):
        webhook.answers = [(200, "<html>Sign in\nto the proxy</html>", {})]
        assert "HTTP 200: <html>Sign in to the proxy</html>" in refusal(notifier)


def test_silence_is_told_after_the_time_limit() -> None:
    with slack(timeout=0.2) as (notifier, webhook):
        webhook.hangs = True
        assert refusal(notifier).endswith("no answer in 0.2 s")


def test_nobody_there_has_certainly_not_been_told() -> None:
    notifier = SlackWebhook(dead_url() + PATH, Http(Redactor()), Redactor())
    with pytest.raises(NotTold) as caught:
        asyncio.run(notifier.tell(a_notice(), None))
    assert caught.value.message.endswith("connection refused") and not caught.value.maybe


def test_silence_may_be_a_message_that_arrived() -> None:
    with slack(timeout=0.2) as (notifier, webhook):
        webhook.hangs = True
        with pytest.raises(NotTold) as caught:
            asyncio.run(notifier.tell(a_notice(), None))
    assert caught.value.maybe


@pytest.mark.parametrize("text", ["x" * 10_000, "&" * 10_000, "<>\n" * 5_000])
def test_a_long_text_is_cut_to_what_slack_takes(text: str) -> None:
    with slack() as (notifier, webhook):
        asyncio.run(notifier.tell(a_notice("t" * 5_000, text), None))
        (section, _) = webhook.taken[0]["attachments"][0]["blocks"]
    assert SECTION_LIMIT - 10 < len(text_of(section)) <= SECTION_LIMIT
    assert text_of(section).endswith("(cut)")
