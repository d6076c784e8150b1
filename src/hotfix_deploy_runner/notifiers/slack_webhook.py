"""Slack, through an incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).

A webhook can only post: it gives no message timestamp back, so there is no thread and nothing is edited.
"""

from ..core.instant import Seconds
from ..core.notice import Notice, Thread
from ..doors.http import Answer, Http, Unanswered
from ..errors import NotTold
from ..ports import Redact
from .slack_message import asked_to_wait, message

TIME_LIMIT: Seconds = 5.0


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
            raise NotTold(f"Slack could not be reached: {error.message}", maybe=error.sent) from error
        if answer.status != 200 or answer.text.strip() != "ok":
            raise NotTold(f"Slack did not take the notice: {_refusal(answer)}", after=asked_to_wait(answer.headers))
        return None


def _refusal(answer: Answer) -> str:
    """Slack's own word for it (`no_service`, `invalid_payload`), and how long it asks to wait."""
    word = " ".join(answer.text.split())[:200] or "no reason given"
    wait = asked_to_wait(answer.headers)
    return f"HTTP {answer.status}: {word}" + (f" (asks to wait {wait:g} s)" if wait else "")
