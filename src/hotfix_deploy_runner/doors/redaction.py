"""Secrets are taken out of text here, before it can reach an event, a log or a message."""

import re
from collections.abc import Iterable, Mapping

HIDDEN = "[redacted]"
_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|WEBHOOK|_DSN$", re.I
)
_URL_PASSWORD = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?P<user>[^\s/@:]*):(?P<password>[^\s/@]+)@", re.I)
_BEARER = re.compile(r"(?P<head>authorization:\s*(?:bearer|basic|token)\s+)\S+", re.I)
_SHORTEST = 6


class Redactor:
    """Replaces known secrets, passwords in URLs and authorization headers by `[redacted]`.

    It is no scanner: a secret that nobody named and that has no telling shape passes.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        found = {s for s in secrets if len(s) >= _SHORTEST}
        ordered = sorted(found, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], more: Iterable[str] = ()) -> "Redactor":
        """One that knows the values of the variables whose names say that they are secrets, and `more`."""
        return cls([*(value for name, value in environ.items() if _SECRET_NAME.search(name)), *more])

    def __call__(self, text: str) -> str:
        """`text` without secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        text = _URL_PASSWORD.sub(rf"\g<scheme>\g<user>:{HIDDEN}@", text)
        return _BEARER.sub(rf"\g<head>{HIDDEN}", text)
