"""What a notice looks like in Slack."""

from collections.abc import Mapping
from typing import Any

from ..core.instant import Seconds, utc
from ..core.notice import Notice, Severity
from ..ports import Redact

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

_CUT = " … (cut)"


def message(notice: Notice, redact: Redact) -> dict[str, Any]:
    """The payload: the title as the message's own text, and beside a coloured bar the text and the run."""
    return _payload(notice.title, notice.text, notice, redact)


def standing_message(notice: Notice, redact: Redact) -> dict[str, Any]:
    """The message that is kept up to date: the run's phase, versions and result as they are with `notice`.

    For a notice that is about no run it is the notice's title alone.
    """
    standing = notice.standing
    if standing is None:
        return _payload(notice.title, "", notice, redact)
    state = f"Result: {standing.result}" if standing.result else f"Phase: {standing.phase}"
    return _payload(standing.headline, f"Versions: {standing.versions}\n{state}", notice, redact)


def _payload(title: str, text: str, notice: Notice, redact: Redact) -> dict[str, Any]:
    title = mrkdwn(" ".join(redact(title).split()), TITLE_LIMIT)
    blocks: list[dict[str, Any]] = []
    if text.strip():
        shown = mrkdwn(redact(text).strip(), SECTION_LIMIT)
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": shown}})
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


def asked_to_wait(headers: Mapping[str, str]) -> Seconds:
    """What the header `Retry-After` asks for, which Slack gives in whole seconds; 0 when it does not.

    Source: https://docs.slack.dev/apis/web-api/rate-limits.
    """
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(value) if value.isascii() and value.isdigit() else 0.0
