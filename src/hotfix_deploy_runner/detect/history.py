"""What a repository's tags and branches tell."""

import re
from collections import Counter
from collections.abc import Iterable

from .found import Guess

_TAG = re.compile(r"(?P<before>(?:.*[^0-9.])?)(?P<version>\d+\.\d+\.\d+)(?P<after>(?:-rc\.\d+)?)")


def tag_format(tags: Iterable[str]) -> Guess | None:
    """How most version tags are spelled; None without any."""
    found = [match for match in map(_TAG.fullmatch, tags) if match]
    if not found:
        return None
    before, count = Counter(match["before"] for match in found).most_common(1)[0]
    example = max((m for m in found if m["before"] == before), key=lambda m: [*map(int, m["version"].split("."))])
    others = len(found) - count
    look = f"{others} version tags are spelled otherwise" if others else ""
    return Guess(f"{before}{{version}}", f"tags such as {example[0]}", look)


def main_branch(head: str, branches: Iterable[str]) -> Guess | None:
    """The branch that fixes are merged back to: the remote's own choice, else the usual name that is there."""
    known = set(branches)
    if head in known:
        return Guess([head], "the remote's HEAD")
    usual = next((name for name in ("main", "master", "trunk", "develop") if name in known), None)
    return Guess([usual], "a branch of that name") if usual else None


def remote(remotes: Iterable[str]) -> Guess | None:
    """The remote, where it is not the usual one."""
    names = list(remotes)
    if not names or "origin" in names:
        return None
    return Guess(names[0], "git remote", "there are several" if len(names) > 1 else "")
