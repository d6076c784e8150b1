"""Slack, by a bot's token: one thread under one message that is kept up to date.

The methods are `chat.postMessage` and `chat.update` (https://docs.slack.dev/reference/methods/chat.postMessage).
Slack does not know a message again that is sent twice, so one that may have arrived is not repeated from here.
"""

import asyncio
import logging
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from ..core.instant import Seconds
from ..core.notice import Notice, Thread
from ..errors import NotTold
from ..ports import Redact
from .slack_message import asked_to_wait, message, standing_message

TIME_LIMIT: Seconds = 5.0
GONE = ("message_not_found", "channel_not_found")
"""Slack's words for a message that somebody has deleted, or that is in a channel where we are no more."""


class SlackThread:
    """One channel. Its message shows where the run stands; every notice is a reply under it.

    Trying again is the caller's, also when Slack asks to wait: the client's own handlers for that are left out, as
    they wait as long as they are told.
    """

    def __init__(
        self, token: str, channel: str, redact: Redact, *, api_url: str, timeout: Seconds = TIME_LIMIT
    ) -> None:
        quiet = logging.getLogger(__name__)  # the client's own debug lines hold whole messages
        quiet.setLevel(logging.WARNING)
        self._client = AsyncWebClient(
            token, base_url=api_url, timeout=max(1, round(timeout)), retry_handlers=[], logger=quiet
        )
        self._channel, self._timeout = channel, timeout
        self._redact: Redact = lambda text: redact(text.replace(token, "[redacted]"))
        self._begun: dict[str, Thread] = {}

    async def tell(self, notice: Notice, thread: Thread | None) -> Thread | None:
        """Bring the message up to date and reply to it. Raises `NotTold` with Slack's own word.

        First the update: it can be repeated, and so the whole is repeated when one of the two fails.
        """
        thread = thread or self._begun.get(notice.run)
        if thread is None or not await self._update(notice, thread):
            thread = await self._begin(notice)
        reply = {**message(notice, self._redact), "thread_ts": thread["ts"]}
        await self._ask("chat.postMessage", {"channel": thread["channel"], **reply})
        return thread

    async def show(self, notice: Notice, thread: Thread) -> None:
        """Bring the message up to date, and reply nothing. Raises `NotTold`."""
        await self._update(notice, thread)

    async def _begin(self, notice: Notice) -> Thread:
        """Post the message. It is remembered: were the first reply to fail, there would be a second one."""
        payload = standing_message(notice, self._redact)
        answer = await self._ask("chat.postMessage", {"channel": self._channel, **payload})
        thread = {"channel": str(answer["channel"]), "ts": str(answer["ts"])}
        self._begun[notice.run] = thread
        return thread

    async def _update(self, notice: Notice, thread: Thread) -> bool:
        """Whether the message is still there. That it may not be edited (a workspace can say so) is no reason not to
        reply.
        """
        payload = {"channel": thread["channel"], "ts": thread["ts"], **standing_message(notice, self._redact)}
        try:
            await self._ask("chat.update", payload)
        except _Refused as refused:
            if refused.after:
                raise
            return refused.word not in GONE
        except NotTold as unanswered:
            raise NotTold(unanswered.message) from unanswered  # it may have arrived, and may be repeated
        return True

    async def _ask(self, method: str, payload: dict[str, Any]) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._client.api_call(method, json=payload)
        except SlackApiError as error:
            raise self._refusal(error) from None
        except TimeoutError:
            raise NotTold(f"Slack could not be reached: no answer in {self._timeout:g} s", maybe=True) from None
        except aiohttp.ClientConnectorError:
            raise NotTold("Slack could not be reached: cannot connect") from None
        except (aiohttp.ClientError, SlackClientError, OSError, ValueError, AttributeError) as error:
            # The last one is the client's own, over an answer that is plain text.
            raise NotTold(f"Slack could not be reached: {type(error).__name__}", maybe=True) from None
        return dict(answer.data) if isinstance(answer.data, dict) else {}

    def _refusal(self, error: SlackApiError) -> "_Refused":
        """Slack's own word (`invalid_auth`, `not_in_channel`). The error itself holds the whole answer: not shown."""
        response = error.response
        data = response.data if isinstance(getattr(response, "data", None), dict) else {}
        status = getattr(response, "status_code", 0) or getattr(response, "status", 0)
        return _Refused(self._redact(str(data.get("error") or f"HTTP {status}")), asked_to_wait(response.headers))


class _Refused(NotTold):
    """Slack has answered, and not done it."""

    def __init__(self, word: str, after: Seconds) -> None:
        wait = f" (asks to wait {after:g} s)" if after else ""
        super().__init__(f"Slack did not take the notice: {word}{wait}", after=after)
        self.word = word
