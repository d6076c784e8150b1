"""What a run pushes, and how CI systems' patterns of refs match it. Pure."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal, NamedTuple


class Push(NamedTuple):
    """A tag or a branch that will be pushed. `changed` are the paths that a push to a branch brings."""

    kind: Literal["tag", "branch"]
    name: str
    changed: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"the {'tag' if self.kind == 'tag' else 'push to'} {self.name}"


class Start(NamedTuple):
    """Something that a push starts: a workflow, a pipeline or a job, by name; `why` is the trigger as it is written."""

    what: str
    why: str


@cache
def _github(pattern: str) -> "re.Pattern[str]":
    tokens = re.findall(r"\*\*|\*|\[[^\]]*\]|\\.|.", pattern)
    meaning = {"**": ".*", "*": "[^/]*", "?": "?", "+": "+"}
    return re.compile("".join(meaning.get(t) or (t if t[0] == "[" else re.escape(t.lstrip("\\") or t)) for t in tokens))


def github_matches(patterns: Iterable[str], name: str) -> bool:
    """GitHub's filter patterns (docs.github.com, "Workflow syntax", "Filter pattern cheat sheet"): in their order, a
    later one with `!` takes back; `*` stays within a name, `**` does not; `?` and `+` repeat what is before them.
    """
    matched = False
    for pattern in patterns:
        taken_back = pattern.startswith("!")
        try:
            if _github(pattern.removeprefix("!")).fullmatch(name):
                matched = not taken_back
        except re.error:
            matched = True  # not understood: better said once too often
    return matched


def glob_matches(patterns: Iterable[str], name: str) -> bool:
    """Simple patterns, as Bitbucket and Azure have them: `*` is anything but `/`, `**` anything."""
    return any(_github(pattern.replace("?", "[^/]").replace("+", "\\+")).fullmatch(name) for pattern in patterns)


def words(value: Any) -> list[str]:
    """A list of texts out of a text, a list or nothing: most keys of CI files allow all three."""
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
