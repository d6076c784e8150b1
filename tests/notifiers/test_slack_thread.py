import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from tests.fakes.notifier import Behaviour, Channel, NotifierContract, a_notice
from tests.fakes.slack import CHANNEL, CHANNEL_ID, TOKEN, FakeSlack, workspace
from tests.fakes.web import dead_url

pytest.importorskip("slack_sdk", reason="the extra `slack` is not installed")
pytest.importorskip("aiohttp", reason="the extra `slack` is not installed")

from hotfix_deploy_runner.core.notice import Notice, Severity, Standing, Thread
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import NotTold
from hotfix_deploy_runner.notifiers.slack_thread import SlackThread
from hotfix_deploy_runner.ports import Board


@contextmanager
def slack(token: str = TOKEN, channel: str = CHANNEL, timeout: float = 5.0) -> Iterator[tuple[SlackThread, FakeSlack]]:
    with workspace() as (fake, url):
        yield SlackThread(token, channel, Redactor(), api_url=url, timeout=timeout), fake


class TestSlackKeepsTheContract(NotifierContract):
    @contextmanager
    def channel(self, behaviour: Behaviour) -> Iterator[Channel]:
        with slack() as (notifier, fake):
            fake.hangs = behaviour == "hangs"
            if behaviour == "refuses once":
                fake.refuse("chat.postMessage", "internal_error")
            yield notifier, lambda: fake.titles


def at(phase: str, title: str, result: str = "", severity: Severity = Severity.INFO) -> Notice:
    standing = Standing("Hotfix v2.14.4 (hotfix/x) for production", "v2.14.3 → v2.14.4", phase, result)
    return msgspec.structs.replace(a_notice(title, severity=severity), standing=standing)


def tell(notifier: SlackThread, *notices: Notice, thread: Thread | None = None) -> Thread | None:
    async def all_of_them() -> Thread | None:
        going_on = thread
        for notice in notices:
            going_on = await notifier.tell(notice, going_on)
        return going_on

    return asyncio.run(all_of_them())


def refusal(notifier: SlackThread, thread: Thread | None = None) -> NotTold:
    with pytest.raises(NotTold) as caught:
        tell(notifier, a_notice(), thread=thread)
    assert TOKEN not in f"{caught.value.message}{caught.value.detail}{caught.value.next_step}"
    return caught.value


def test_one_message_is_kept_up_to_date_and_every_notice_is_a_reply_under_it() -> None:
    with slack() as (notifier, fake):
        thread = tell(notifier, at("Pre-flight checks", "one"), at("Production deployment", "two"))
        assert fake.head == (
            "Hotfix v2.14.4 (hotfix/x) for production\nVersions: v2.14.3 → v2.14.4\nPhase: Production deployment"
        )
        tell(notifier, at("Afterwards", "three", "Deployed.\nProduction runs v2.14.4."), thread=thread)
        assert fake.head.endswith("Result: Deployed.\nProduction runs v2.14.4.")
        assert fake.titles == ["one", "two", "three"]
        assert thread == {"channel": CHANNEL_ID, "ts": next(iter(fake.heads))}


def test_a_thread_that_is_known_is_gone_on_with_by_another_process() -> None:
    with slack() as (notifier, fake):
        thread = tell(notifier, at("Pre-flight checks", "one"))
        later = SlackThread(TOKEN, CHANNEL, Redactor(), api_url=notifier._client.base_url)
        assert tell(later, at("Rollback", "two"), thread=thread) == thread
        assert len(fake.heads) == 1 and fake.titles == ["one", "two"]


def test_showing_updates_the_message_and_tells_nobody() -> None:
    with slack() as (notifier, fake):
        assert isinstance(notifier, Board)
        thread = tell(notifier, at("Pre-flight checks", "one"))
        assert thread is not None
        asyncio.run(notifier.show(at("Rollback", "two"), thread))
        assert fake.head.endswith("Phase: Rollback")
        assert fake.titles == ["one"]


def test_when_the_first_reply_fails_the_message_is_not_posted_again() -> None:
    with slack() as (notifier, fake):
        fake.next["chat.postMessage"] = [(200, {"ok": True, "channel": CHANNEL_ID, "ts": "1.000001"}, {})]
        fake.heads["1.000001"] = {}
        fake.refuse("chat.postMessage", "internal_error")
        refusal(notifier)
        tell(notifier, a_notice("one"))
        assert list(fake.heads) == ["1.000001"] and fake.titles == ["one"]


def test_two_runs_have_a_message_each() -> None:
    with slack() as (notifier, fake):
        tell(notifier, a_notice("one"))
        tell(notifier, msgspec.structs.replace(a_notice("two"), run="r-2"))
        assert len(fake.heads) == 2


def test_a_message_that_somebody_deleted_is_replaced() -> None:
    with slack() as (notifier, fake):
        thread = tell(notifier, a_notice("one"))
        fake.heads.clear()
        again = tell(notifier, a_notice("two"), thread=thread)
        assert again != thread
        assert list(fake.heads) == [again["ts"] if again else None]
        assert [payload["text"] for payload in fake.replies[next(iter(fake.heads))]] == ["two"]


@pytest.mark.parametrize("word", ["edit_window_closed", "cant_update_message"])
def test_where_messages_may_not_be_edited_there_are_still_the_replies(word: str) -> None:
    with slack() as (notifier, fake):
        thread = tell(notifier, a_notice("one"))
        fake.refuse("chat.update", word)
        assert tell(notifier, a_notice("two"), thread=thread) == thread
        assert fake.titles == ["one", "two"]


def test_an_update_without_an_answer_can_be_repeated() -> None:
    with slack(timeout=0.3) as (notifier, fake):
        thread = tell(notifier, a_notice("one"))
        fake.hangs = True
        assert refusal(notifier, thread).maybe is False
        assert fake.calls[-1] == "chat.update"


@pytest.mark.parametrize("word", ["invalid_auth", "not_in_channel", "channel_not_found", "msg_too_long"])
def test_a_refusal_has_slacks_own_word(word: str) -> None:
    with slack() as (notifier, fake):
        fake.refuse("chat.postMessage", word)
        miss = refusal(notifier)
        assert (miss.message, miss.maybe) == (f"Slack did not take the notice: {word}", False)


def test_a_wrong_token_and_a_wrong_channel() -> None:
    with slack(token="xoxb-wrong") as (notifier, _):
        assert refusal(notifier).message.endswith("invalid_auth")
    with slack(channel="#nowhere") as (notifier, _):
        assert refusal(notifier).message.endswith("channel_not_found")


def test_too_many_requests_tells_how_long_to_wait_and_does_not_wait() -> None:
    with slack() as (notifier, fake):
        fake.refuse("chat.postMessage", "ratelimited", 429, {"Retry-After": "30"})
        began = time.monotonic()
        miss = refusal(notifier)
        assert time.monotonic() - began < 5
    assert miss.message == "Slack did not take the notice: ratelimited (asks to wait 30 s)"
    assert (miss.after, miss.maybe) == (30.0, False)


def test_too_many_updates_are_waited_for_too() -> None:
    with slack() as (notifier, fake):
        thread = tell(notifier, a_notice("one"))
        fake.refuse("chat.update", "ratelimited", 429, {"Retry-After": "3"})
        assert refusal(notifier, thread).after == 3
        assert fake.titles == ["one"]


@pytest.mark.parametrize(
    ("status", "body", "seen"),
    [
        (200, {}, "HTTP 200"),
        (503, {}, "HTTP 503"),
        (500, "<html>sorry</html>", ""),
        (200, "<html>Sign in to the proxy</html>", ""),
    ],
)
def test_an_answer_that_is_none_of_slacks_is_no_success(status: int, body: object, seen: str) -> None:
    with slack() as (notifier, fake):
        fake.next["chat.postMessage"] = [(status, body, {})]
        assert seen in refusal(notifier).message


def test_silence_is_told_after_the_time_limit_and_may_have_arrived() -> None:
    with slack(timeout=0.2) as (notifier, fake):
        fake.hangs = True
        miss = refusal(notifier)
    assert miss.message.endswith("no answer in 0.2 s") and miss.maybe


def test_nobody_there_has_certainly_not_been_told() -> None:
    miss = refusal(SlackThread(TOKEN, CHANNEL, Redactor(), api_url=dead_url()))
    assert miss.message == "Slack could not be reached: cannot connect" and not miss.maybe


def test_secrets_are_in_no_message_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with slack() as (notifier, fake):
        tell(notifier, a_notice(f"token {TOKEN}", f"and {TOKEN} again"))
        shown: list[Any] = [*fake.heads.values(), fake.replies]
        assert "token [redacted]" in str(shown)
    assert TOKEN not in str(shown) + caplog.text
