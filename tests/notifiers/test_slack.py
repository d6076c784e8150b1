import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.notifier import Behaviour, Channel, FakeNotifier, NotifierContract, a_notice
from tests.fakes.web import body_of, dead_url, reply, serving

from hotfix_deploy_runner.core.notice import Notice, Severity
from hotfix_deploy_runner.doors.http import Http
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import NotConfigured, NotTold, UsageError
from hotfix_deploy_runner.notifiers.slack import SECTION_LIMIT, SlackWebhook, make_notifier, message, mrkdwn
from hotfix_deploy_runner.ports import Workplace

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


def text_of(block: dict[str, Any]) -> str:
    if block["type"] == "section":
        return str(block["text"]["text"])
    return str(block["elements"][0]["text"])


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


class TestTheFakeKeepsTheContract(NotifierContract):
    @contextmanager
    def channel(self, behaviour: Behaviour) -> Iterator[Channel]:
        fake = FakeNotifier(failures=behaviour == "refuses once", hangs=behaviour == "hangs")
        yield fake, lambda: fake.titles


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


def test_nobody_there() -> None:
    notifier = SlackWebhook(dead_url() + PATH, Http(Redactor()), Redactor())
    assert refusal(notifier).endswith("connection refused")


def test_the_message_has_title_text_run_and_colour() -> None:
    payload = message(a_notice("Rolled back", "6 % of 500 failed", Severity.CRITICAL), Redactor())
    (bar,) = payload["attachments"]
    assert payload["text"] == bar["fallback"] == "Rolled back"
    assert [text_of(block) for block in bar["blocks"]] == ["6 % of 500 failed", "run r-1 · 2023-11-14T22:13:20Z"]
    assert bar["color"] == "#e01e5a"


def test_every_severity_has_a_colour_of_its_own() -> None:
    colours = {message(a_notice(severity=s), Redactor())["attachments"][0]["color"] for s in Severity}
    assert len(colours) == len(Severity)


def test_markup_in_a_commits_message_calls_nobody() -> None:
    payload = message(a_notice("fix <!channel> & <@U1>", "a < b\n<https://x|y>"), Redactor())
    assert payload["text"] == "fix &lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert "<" not in json.dumps(payload)


def test_secrets_are_taken_out_of_title_and_text() -> None:
    payload = message(a_notice("token hunter22", "and hunter22 again"), Redactor(["hunter22"]))
    assert "hunter22" not in json.dumps(payload)


@pytest.mark.parametrize("text", ["x" * 10_000, "&" * 10_000, "<>\n" * 5_000])
def test_a_long_text_is_cut_to_what_slack_takes(text: str) -> None:
    with slack() as (notifier, webhook):
        asyncio.run(notifier.tell(a_notice("t" * 5_000, text), None))
        (section, _) = webhook.taken[0]["attachments"][0]["blocks"]
    assert SECTION_LIMIT - 10 < len(text_of(section)) <= SECTION_LIMIT
    assert text_of(section).endswith("(cut)")


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@given(st.text(alphabet="a&<>;lt ", max_size=80), st.integers(min_value=10, max_value=100))
def test_escaping_loses_nothing_but_what_is_cut(text: str, limit: int) -> None:
    shown = mrkdwn(text, limit)
    assert len(shown) <= limit
    assert not set("<>") & set(shown)
    if shown.endswith("… (cut)"):
        assert len(mrkdwn(text, 1_000)) > limit
        assert text.startswith(unescaped(shown.removesuffix(" … (cut)")))
    else:
        assert unescaped(shown) == text


Make = Callable[[dict[str, Any]], object]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda settings: make_notifier(settings, Workplace(tmp_path, tmp_path, Redactor()))


@pytest.mark.parametrize("value", [None, "", "  "])
def test_without_the_variable_it_says_how(make: Make, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("SLACK_WEBHOOK_URL", raising=False)
    if value is not None:
        monkeypatch.setenv("SLACK_WEBHOOK_URL", value)
    with pytest.raises(NotConfigured) as caught:
        make({})
    assert "SLACK_WEBHOOK_URL is not set" in caught.value.message
    assert caught.value.next_step.startswith("export SLACK_WEBHOOK_URL=")


def test_the_variable_can_have_another_name(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_WEBHOOK_URL", raising=False)
    monkeypatch.setenv("TEAM_HOOK", "https://hooks.slack.com/services/T/B/x")
    assert isinstance(make({"webhook_env": "TEAM_HOOK"}), SlackWebhook)


def test_a_value_that_is_no_https_url_is_refused_and_not_shown(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://hooks.slack.com/s3cr3t")
    with pytest.raises(UsageError) as caught:
        make({})
    assert not isinstance(caught.value, NotConfigured)
    assert "s3cr3t" not in str(caught.value)


def test_an_unknown_key_is_named_with_the_nearest(make: Make) -> None:
    with pytest.raises(UsageError, match=r"notifiers\.slack\.webhok_env: unknown key") as caught:
        make({"webhok_env": "X"})
    assert caught.value.detail == "did you mean webhook_env?"


def test_the_fake_gives_the_thread_of_its_first_notice() -> None:
    async def tell(first: Notice, second: Notice) -> None:
        thread = await fake.tell(first, None)
        assert await fake.tell(second, thread) == thread == {"first": first.id}

    fake = FakeNotifier()
    asyncio.run(tell(a_notice("one"), a_notice("two")))
    assert [thread for _, thread in fake.told] == [None, {"first": "r-1:one"}]
