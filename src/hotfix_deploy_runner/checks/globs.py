"""Path patterns, as .gitignore and CI configurations spell them. Pure."""

import re
from collections.abc import Iterable

_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[[^\]/]+\]|.", re.S)
_MEANING = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


class Globs:
    """A set of patterns: `*` and `?` stay within one directory, `**` crosses them, `[0-9]` is a class.

    Paths are relative, with `/`. A pattern is matched against the whole path: `*.sql` is a file at the root,
    `**/*.sql` one anywhere.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._whole = re.compile("|".join(map(_regex, patterns)) or r"(?!)", re.S)

    def matches(self, path: str) -> bool:
        """Whether any of the patterns is for `path`."""
        return self._whole.fullmatch(path) is not None


def anywhere(names: Iterable[str]) -> Globs:
    """Patterns for a path and all below it: a bare name is meant at any depth, one with `/` from the root."""
    rooted = [name.strip("/") if "/" in name.strip("/") else f"**/{name.strip('/')}" for name in names]
    return Globs([*rooted, *(f"{name}/**" for name in rooted)])


def _regex(pattern: str) -> str:
    return "".join(_MEANING.get(token) or _literal(token) for token in _TOKEN.findall(pattern))


def _literal(token: str) -> str:
    if not (token.startswith("[") and token.endswith("]") and len(token) > 2):
        return re.escape(token)
    inside = token[1:-1].replace("\\", r"\\").replace("[", r"\[")
    return f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"
