"""Slack, through an incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).

A webhook can only post: it gives no message timestamp back, so there is no thread and nothing is edited.
"""

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from ..core.instant import Seconds, utc
from ..core.notice import Notice, Severity, Thread
from ..core.settings import read_table
from ..doors.http import Answer, Http, Unanswered
from ..errors import NotConfigured, NotTold, UsageError
from ..ports import Redact, Settings, Workplace

TIME_LIMIT: Seconds = 5.0

TITLE_LIMIT = 300
SECTION_LIMIT = 3_000
"""Characters of a section's text that Slack takes (https://docs.slack.dev/reference/block-kit/blocks/section-block)."""

COLOURS: Mapping[Severity, str] = {
    Severity.INFO: "#6b7280",
    Severity.GOOD: "#2eb67d",
    Severity.WARNING: "#ecb22e",
    Severity.CRITICAL: "#e01e5a",
}
"""The bar beside a message, by severity."""


class SlackSettings(msgspec.Struct, frozen=True):
    """A `[notifiers.NAME]` table of `type = "slack"`. `webhook_env` names the variable that holds the secret URL."""

    webhook_env: str = "SLACK_WEBHOOK_URL"


def make_notifier(settings: Settings, workplace: Workplace) -> "SlackWebhook":
    """The factory of the entry point `slack`.

    Raises `NotConfigured` when the variable with the webhook's URL is not set, `UsageError` for wrong settings or
    a value that is no https URL.
    """
    name = read_table(settings, SlackSettings, "notifiers.slack").webhook_env
    url = os.environ.get(name, "").strip()
    if not url:
        raise NotConfigured(
            f"Slack is not configured: {name} is not set",
            detail="It holds the URL of an incoming webhook, made at https://api.slack.com/apps > Incoming Webhooks.",
            next_step=f"export {name}=https://hooks.slack.com/services/…",
        )
    if not url.startswith("https://"):
        raise UsageError(f"{name} does not hold a webhook's URL: it must begin with https://")
    return SlackWebhook(url, Http(workplace.redact), workplace.redact)


class SlackWebhook:
    """One channel, as chosen when its webhook was made. Delivers once; trying again is the caller's."""

    def __init__(self, url: str, http: Http, redact: Redact, *, timeout: Seconds = TIME_LIMIT) -> None:
        self._url = url
        self._http = http
        self._redact = redact
        self._timeout = timeout

    async def tell(self, notice: Notice, thread: Thread | None) -> Thread | None:
        """Post `notice`; `thread` is not used and None comes back. Raises `NotTold` with Slack's own word."""
        try:
            answer = await self._http.post_json(self._url, message(notice, self._redact), timeout=self._timeout)
        except Unanswered as error:
            raise NotTold(f"Slack could not be reached: {error.message}") from error
        if answer.status != 200 or answer.text.strip() != "ok":
            raise NotTold(f"Slack did not take the notice: {_refusal(answer)}")
        return None


def message(notice: Notice, redact: Redact) -> dict[str, Any]:
    """The payload: the title as the message's own text, and beside a coloured bar the text and the run."""
    title = mrkdwn(" ".join(redact(notice.title).split()), TITLE_LIMIT)
    blocks: list[dict[str, Any]] = []
    if notice.text.strip():
        text = mrkdwn(redact(notice.text).strip(), SECTION_LIMIT)
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    footer = mrkdwn(redact(f"run {notice.run} · {utc(notice.at)}"), TITLE_LIMIT)
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": footer}]})
    bar = {"color": COLOURS[notice.severity], "fallback": title, "blocks": blocks}
    return {"text": title, "attachments": [bar]}


def mrkdwn(text: str, limit: int) -> str:
    """`text` with `&`, `<` and `>` escaped, cut to `limit` characters, never inside an escape.

    Escaping these three is all that Slack asks for (https://docs.slack.dev/messaging/formatting-message-text); it also
    keeps a `<!channel>` in a commit's message from calling everybody.
    """
    escaped = [{"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(character, character) for character in text]
    if sum(map(len, escaped)) <= limit:
        return "".join(escaped)
    room, kept = limit - len(_CUT), []
    for piece in escaped:
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept) + _CUT


_CUT = " … (cut)"


def _refusal(answer: Answer) -> str:
    """Slack's own word for it (`no_service`, `invalid_payload`), and how long it asks to wait."""
    word = " ".join(answer.text.split())[:200] or "no reason given"
    wait = answer.headers.get("retry-after", "")
    return f"HTTP {answer.status}: {word}" + (f" (asks to wait {wait} s)" if wait else "")
