"""What the customers of the demo's service ask for. Pure, but for the source of chance that is handed in."""

import base64
import json
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec

from ..core.instant import Instant

KINDS = {"session": 0.30, "accounts": 0.28, "account": 0.20, "transfer": 0.10, "login": 0.10, "forged": 0.02}
"""The share of each kind of request. `forged` carries a token that nobody signed: what the hotfix is about."""

FORGED_FOR = 3_600


class Errand(msgspec.Struct, frozen=True):
    """One request to make. `user` is whose it is, `content` the JSON to send or None."""

    kind: str
    user: str
    method: str
    path: str
    content: dict[str, Any] | None = None
    token: str = ""


class Customers:
    """Everybody who has an account, and the tokens they hold."""

    def __init__(self, names: list[str], password: str, source: random.Random, clock: Callable[[], Instant]) -> None:
        self._names = names
        self._password = password
        self._random = source
        self._clock = clock
        self._tokens: dict[str, str] = {}

    @classmethod
    def from_json(cls, text: str, source: random.Random, clock: Callable[[], Instant]) -> "Customers":
        """Those that the service's own `customers.json` lists."""
        content = json.loads(text)
        return cls(content["names"], content["password"], source, clock)

    def errand(self) -> Errand:
        """What somebody asks for next. Who has no token logs in first."""
        user = self._random.choice(self._names)
        kind = self._random.choices([*KINDS], weights=[*KINDS.values()])[0]
        if kind == "forged":
            return Errand(kind, user, "GET", "/session", token=forged(user, self._clock() + FORGED_FOR))
        token = self._tokens.get(user, "")
        if kind == "login" or not token:
            return Errand("login", user, "POST", "/login", {"user": user, "password": self._password})
        current = f"/accounts/{quote(user)}-current"
        if kind == "transfer":
            to = {"to": f"{user}-savings", "amount": 1}
            return Errand(kind, user, "POST", f"{current}/transfers", to, token)
        path = {"session": "/session", "accounts": "/accounts", "account": current}[kind]
        return Errand(kind, user, "GET", path, token=token)

    def learn(self, errand: Errand, status: int, content: Any) -> None:
        """Keep the token that a login brought; drop one that was refused."""
        if errand.kind == "login" and status == 200:
            self._tokens[errand.user] = content["token"]
        elif errand.kind != "forged" and status == 401:
            self._tokens.pop(errand.user, None)


def forged(user: str, expires: Instant) -> str:
    """A token for `user` in the service's own format, without a signature."""
    return base64.urlsafe_b64encode(f"{user}:{int(expires)}:".encode()).decode()
