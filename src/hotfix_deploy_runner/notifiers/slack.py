"""Slack: by a bot's token, with one thread under one message that is kept up to date, or by an incoming webhook."""

import importlib.util
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import Field

from ..doors.http import Http
from ..errors import NotConfigured, UsageError
from ..ports import Settings, Workplace
from ..settings import Table, read_table, reads
from .slack_webhook import SlackWebhook

if TYPE_CHECKING:
    from .slack_thread import SlackThread

# A secret put here by mistake is refused, and so never told as the name of a variable that is not set.
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"


class SlackSettings(Table):
    """A `[notifiers.NAME]` table of `type = "slack"`. Secrets are in variables; the table names these."""

    webhook_env: str = Field(
        "SLACK_WEBHOOK_URL", pattern=VARIABLE, description="The variable that holds an incoming webhook's URL."
    )
    token_env: str = Field(
        "SLACK_BOT_TOKEN", pattern=VARIABLE, description="The variable that holds a bot's token (scope chat:write)."
    )
    channel: str = Field("", description="Where a bot writes (#incidents, or a channel's id); needed for the token.")
    api_url: str = Field(
        "https://slack.com/api/", description="Slack's Web API; https://slack-gov.com/api/ for GovSlack."
    )


@reads(SlackSettings)
def make_notifier(settings: Settings, workplace: Workplace) -> "SlackWebhook | SlackThread":
    """The factory of the entry point `slack`: the token where there is one and a channel, else the webhook.

    Raises `NotConfigured` when neither variable is set, `UsageError` for wrong settings or a value that is no https
    URL.
    """
    table = read_table(SlackSettings, settings, "notifiers.slack")
    if "token_env" in table.model_fields_set and not table.channel:
        raise UsageError("notifiers.slack.channel: needed with token_env")
    token, url = (os.environ.get(name, "").strip() for name in (table.token_env, table.webhook_env))
    if token and table.channel:
        return _thread(table, token, workplace)
    if not url:
        how = (
            f"set {table.token_env} to a bot's token (xoxb-…)"
            if table.channel
            else f"set {table.webhook_env} to an incoming webhook's URL"
        )
        raise NotConfigured("Slack is not configured", next_step=how)
    if not url.startswith("https://"):
        raise UsageError(f"{table.webhook_env} does not hold a webhook's URL: it must begin with https://")
    return SlackWebhook(url, Http(workplace.redact), workplace.redact)


def _thread(table: SlackSettings, token: str, workplace: Workplace) -> "SlackThread":
    """Imported only here: the client is not there without its extra, and takes its time to load."""
    address = urlsplit(table.api_url)
    if address.scheme != "https" and address.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise UsageError("notifiers.slack.api_url: must begin with https://, as the token is sent there")
    if not all(map(importlib.util.find_spec, ("slack_sdk", "aiohttp"))):
        raise NotConfigured("Slack by token needs slack_sdk", next_step='pip install "hotfix-deploy-runner[slack]"')
    from .slack_thread import SlackThread

    return SlackThread(token, table.channel, workplace.redact, api_url=table.api_url)
