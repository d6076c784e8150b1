from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import NotConfigured, UsageError
from hotfix_deploy_runner.notifiers.slack import make_notifier
from hotfix_deploy_runner.notifiers.slack_webhook import SlackWebhook
from hotfix_deploy_runner.ports import Workplace

Make = Callable[[dict[str, Any]], object]


HOOK = "https://hooks.slack.com/services/T/B/x"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_WEBHOOK_URL", raising=False)
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda settings: make_notifier(settings, Workplace(tmp_path, tmp_path, Redactor()))


@pytest.mark.parametrize("value", [None, "", "  "])
def test_without_the_variable_it_says_how(make: Make, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is not None:
        monkeypatch.setenv("SLACK_WEBHOOK_URL", value)
    with pytest.raises(NotConfigured) as caught:
        make({})
    assert caught.value.message == "Slack is not configured"
    assert caught.value.next_step == "set SLACK_WEBHOOK_URL to an incoming webhook's URL"
    assert len(caught.value.next_step) <= 75, "it stands in one line of the narration"


def test_the_variable_can_have_another_name(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_HOOK", "https://hooks.slack.com/services/T/B/x")
    assert isinstance(make({"webhook_env": "TEAM_HOOK"}), SlackWebhook)


def test_a_value_that_is_no_https_url_is_refused_and_not_shown(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://hooks.slack.com/s3cr3t")
    with pytest.raises(UsageError) as caught:
        make({})
    assert not isinstance(caught.value, NotConfigured)
    assert "s3cr3t" not in str(caught.value)


def test_a_token_and_a_channel_make_a_thread(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("slack_sdk", reason="the extra `slack` is not installed")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_WEBHOOK_URL", HOOK)
    assert type(make({"channel": "#incidents"})).__name__ == "SlackThread"
    assert isinstance(make({}), SlackWebhook), "a token knows no channel"


def test_without_a_token_there_is_the_webhook(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", HOOK)
    assert isinstance(make({"channel": "#incidents"}), SlackWebhook)


def test_with_a_channel_and_neither_it_asks_for_the_token(make: Make) -> None:
    with pytest.raises(NotConfigured) as caught:
        make({"channel": "#incidents", "token_env": "TEAM_BOT"})
    assert caught.value.next_step == "set TEAM_BOT to a bot's token (xoxb-…)"


def test_without_the_package_it_says_how_to_get_it(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NotConfigured) as caught:
        make({"channel": "#incidents"})
    assert caught.value.next_step == 'pip install "hotfix-deploy-runner[slack]"'


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"token_env": "TEAM_BOT"}, "notifiers.slack.channel: needed with token_env"),
        ({"channel": "#a", "api_url": "http://evil.example/"}, "notifiers.slack.api_url: must begin with https://"),
        ({"chanel": "#a"}, "notifiers.slack.chanel: unknown key; did you mean channel?"),
        ({"token_env": "xoxb-1-s3cr3t"}, "notifiers.slack.token_env: "),
    ],
)
def test_wrong_settings(make: Make, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], message: str) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    with pytest.raises(UsageError) as caught:
        make(settings)
    assert caught.value.message.startswith(message)
    assert "s3cr3t" not in caught.value.message
