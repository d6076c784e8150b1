"""GitLab's `rules: if` expressions (docs.gitlab.com, "CI/CD job rules", "CI/CD variable expressions").

Three-valued: None is for what cannot be told here, such as a variable of the project's own.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

_TOKEN = re.compile(
    r"\s*(?:(?P<op>==|!=|=~|!~|&&|\|\||\(|\))|\$\{?(?P<var>\w+)\}?|\"(?P<dq>[^\"]*)\"|'(?P<sq>[^']*)'"
    r"|(?P<null>null)\b|/(?P<re>(?:\\.|[^/\\])*)/(?P<flags>[a-z]*))"
)


class _Unknown:
    """The value of a variable that only the CI system knows."""


class _Token(NamedTuple):
    kind: str
    text: str


_UNKNOWN = _Unknown()
_Value = str | None | _Unknown


def holds(expression: str, variables: Mapping[str, str | None]) -> bool | None:
    """Whether `expression` is true with `variables` (None in them: not set); None when that cannot be told."""
    try:
        reader = _Reader(_tokens(expression), variables)
        answer = reader.any_of()
        return answer if reader.at_end else None
    except (ValueError, IndexError, re.error):
        return None


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise ValueError(text[at:])
        kind = "re" if match["re"] is not None else match.lastgroup
        pattern = f"(?i){match['re']}" if "i" in (match["flags"] or "") else match["re"]
        found.append(_Token(kind, pattern if kind == "re" else match[kind]))
        at = match.end()
    return found


class _Reader:
    """Recursive descent: `||` binds least, then `&&`, then comparisons."""

    def __init__(self, tokens: list[_Token], variables: Mapping[str, str | None]) -> None:
        self._tokens, self._at, self._variables = tokens, 0, variables

    @property
    def at_end(self) -> bool:
        return self._at == len(self._tokens)

    def any_of(self) -> bool | None:
        answer = self.all_of()
        while self._take("||"):
            other = self.all_of()
            answer = True if answer or other else (None if answer is None or other is None else False)
        return answer

    def all_of(self) -> bool | None:
        answer = self._one()
        while self._take("&&"):
            other = self._one()
            answer = False if answer is False or other is False else (None if answer is None or other is None else True)
        return answer

    def _one(self) -> bool | None:
        if self._take("("):
            answer = self.any_of()
            if not self._take(")"):
                raise ValueError("(")
            return answer
        left = self._value()
        for operator in ("==", "!=", "=~", "!~"):
            if self._take(operator):
                return self._compare(left, operator)
        return None if isinstance(left, _Unknown) else bool(left)

    def _compare(self, left: _Value, operator: str) -> bool | None:
        if operator in ("=~", "!~"):
            token = self._next()
            if isinstance(left, _Unknown) or token.kind != "re":
                return None
            matches = left is not None and re.search(token.text, left) is not None
            return matches is (operator == "=~")
        right = self._value()
        if isinstance(left, _Unknown) or isinstance(right, _Unknown):
            return None
        return (left == right) is (operator == "==")

    def _value(self) -> _Value:
        token = self._next()
        if token.kind == "var":
            return self._variables.get(token.text, _UNKNOWN)
        if token.kind == "null":
            return None
        if token.kind in ("dq", "sq"):
            return token.text
        raise ValueError(token.text)

    def _next(self) -> _Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, operator: str) -> bool:
        taken = not self.at_end and self._tokens[self._at] == _Token("op", operator)
        self._at += taken
        return taken
