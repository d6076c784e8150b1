"""Slack's side of a conversation: the two methods of its Web API that are used, and the shape of a message.

Answers and error words are from https://docs.slack.dev/reference/methods/chat.postMessage and `chat.update`.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.fakes.web import body_of, reply, serving

TOKEN = "xoxb-1234-s3cr3ttoken"
CHANNEL = "#incidents"
CHANNEL_ID = "C024BE91L"


def text_of(block: dict[str, Any]) -> str:
    if block["type"] == "section":
        return str(block["text"]["text"])
    return str(block["elements"][0]["text"])


class FakeSlack:
    """A workspace with one channel. `heads` are the messages in it by timestamp, `replies` what is under each.

    `next` are answers that are given instead, one a call, by method: a status, what is answered, and headers.
    """

    def __init__(self) -> None:
        self.heads: dict[str, dict[str, Any]] = {}
        self.replies: dict[str, list[dict[str, Any]]] = {}
        self.next: dict[str, list[tuple[int, object, Mapping[str, str]]]] = {}
        self.calls: list[str] = []
        self.hangs = False
        self.over = threading.Event()

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        method, payload = request.path.rpartition("/")[2], json.loads(body_of(request))
        self.calls.append(method)
        if self.hangs:
            self.over.wait(10)
            return
        if self.next.get(method):
            status, body, headers = self.next[method].pop(0)
        else:
            status, body, headers = 200, self._answer(method, payload, request.headers.get("Authorization", "")), {}
        text, kind = (body, "text/plain") if isinstance(body, str) else (json.dumps(body), "application/json")
        reply(request, text, status, {"Content-Type": kind, **headers})

    def refuse(self, method: str, word: str, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.next.setdefault(method, []).append((status, {"ok": False, "error": word}, headers or {}))

    @property
    def head(self) -> str:
        """What the only message says: its title and its text."""
        (payload,) = self.heads.values()
        return "\n".join((payload["text"], *(text_of(block) for block in payload["attachments"][0]["blocks"][:-1])))

    @property
    def titles(self) -> list[str]:
        """The titles of all replies."""
        return [payload["text"] for replies in self.replies.values() for payload in replies]

    def _answer(self, method: str, payload: dict[str, Any], authorization: str) -> dict[str, Any]:
        if authorization != f"Bearer {TOKEN}":
            return {"ok": False, "error": "invalid_auth"}
        if method == "chat.update":
            return self._update(payload)
        if method != "chat.postMessage":
            return {"ok": False, "error": "unknown_method"}
        if payload["channel"] not in (CHANNEL, CHANNEL_ID):
            return {"ok": False, "error": "channel_not_found"}
        ts = f"1700000000.{len(self.calls):06}"
        if "thread_ts" not in payload:
            self.heads[ts] = payload
        elif payload["thread_ts"] in self.heads:
            self.replies.setdefault(payload["thread_ts"], []).append(payload)
        else:
            return {"ok": False, "error": "thread_not_found"}
        return {"ok": True, "channel": CHANNEL_ID, "ts": ts}

    def _update(self, payload: dict[str, Any]) -> dict[str, Any]:
        if payload["channel"] != CHANNEL_ID:  # a name will not do here
            return {"ok": False, "error": "channel_not_found"}
        if payload["ts"] not in self.heads:
            return {"ok": False, "error": "message_not_found"}
        self.heads[payload["ts"]] = payload
        return {"ok": True, "channel": CHANNEL_ID, "ts": payload["ts"]}


@contextmanager
def workspace() -> Iterator[tuple[FakeSlack, str]]:
    """A workspace and the address of its API."""
    fake = FakeSlack()
    with serving(fake) as url:
        yield fake, f"{url}/api/"
        fake.over.set()
