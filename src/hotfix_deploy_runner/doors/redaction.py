"""Secrets are taken out of text here, before it can reach an event, a log or a message."""

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from ..core.secret import is_secret_name

HIDDEN = "[redacted]"
# The look-behind keeps the search linear in a long run of letters. Raw `@` occurs in passwords, `/` and quotes do not.
_SCHEME = r"(?<![a-z0-9+.-])(?P<scheme>[a-z0-9+.-]+://)"
_URL_PASSWORD = re.compile(_SCHEME + r"""(?P<user>[^\s/@:"'<>]*):[^\s/"'<>]+@""", re.I)
_URL_TOKEN = re.compile(r"""(?P<scheme>https?://)[^\s/@:"'<>]+@""", re.I)
_HEADER = re.compile(
    r"""(?P<head>authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+)[^\s"',]+""",
    re.I,
)
_OWN_HEADER = re.compile(
    r"""(?<![\w-])(?P<head>(?:x-[\w-]*(?:token|key|secret)|private-token)["']?\s*[:=]\s*["']?)[^\s"',]+""", re.I
)
# What a shell calls a variable (lower case is a program's own, and in the words of many a failed test), or a query's.
_NAMED = re.compile(r"""(?P<name>\b[A-Z][A-Z0-9_]*|(?<=[?&;])[\w.-]+)=(?:"[^"\n]*"|'[^'\n]*'|[^\s&;#"'<>,]+)""")
_SHORTEST = 6


class Redactor:
    """Replaces known secrets, passwords and tokens in URLs, headers that authorize, and what is given to a variable or
    a query's parameter with a telling name (`API_TOKEN=…`, `?access_token=…`), by `[redacted]`.

    A secret of several lines is known by each of them, and every secret as it is quoted in a URL. Secrets of fewer
    than 6 characters are not: they would take ordinary words with them. It is no scanner: a secret that nobody named
    and that has no telling shape passes.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        found = {form for secret in secrets for form in _forms(secret) if len(form) >= _SHORTEST}
        ordered = sorted(found, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], more: Iterable[str] = ()) -> "Redactor":
        """One that knows the values of the variables whose names say that they are secrets, and `more`."""
        return cls([*(value for name, value in environ.items() if is_secret_name(name)), *more])

    def __call__(self, text: str) -> str:
        """`text` without secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        # Looked for first, as a search takes its time, and output comes by the 100 MB.
        if "://" in text:
            text = _URL_PASSWORD.sub(rf"\g<scheme>\g<user>:{HIDDEN}@", text)
            text = _URL_TOKEN.sub(rf"\g<scheme>{HIDDEN}@", text)
        if ":" in text or "=" in text:
            text = _HEADER.sub(rf"\g<head>{HIDDEN}", text)
            text = _OWN_HEADER.sub(rf"\g<head>{HIDDEN}", text)
        return _NAMED.sub(_unnamed, text) if "=" in text else text


def _unnamed(found: "re.Match[str]") -> str:
    """`NAME=value` without its value, where the name is a secret's."""
    name = found["name"]
    return f"{name}={HIDDEN}" if is_secret_name(name.replace("-", "_")) else found[0]


def _forms(secret: str) -> Iterator[str]:
    """How a secret may stand in a text: whole, line by line, quoted for a URL."""
    for line in (secret, *secret.splitlines()):
        bare = line.strip()
        yield from (bare, quote(bare, safe="", errors="replace"))
