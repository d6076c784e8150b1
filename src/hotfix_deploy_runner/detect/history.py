"""What a repository's tags and branches tell."""

import re
from collections import Counter
from collections.abc import Iterable

from ..core.phrases import counted
from .found import Guess

_TAG = re.compile(r"(?P<before>(?:.*[^0-9.])?)(?P<version>\d+\.\d+\.\d+)(?P<after>(?:-rc\.\d+)?)")


def tag_format(tags: Iterable[str]) -> Guess | None:
    """How most version tags are spelled; None without any."""
    names = [*tags]
    found = [match for match in map(_TAG.fullmatch, names) if match]
    if not found:
        return None
    counts = Counter(match["before"] for match in found)
    before = max(counts, key=lambda spelling: (counts[spelling], -len(spelling)))
    example = max((m for m in found if m["before"] == before), key=lambda m: [*map(int, m["version"].split("."))])
    others = len(found) - counts[before]
    look = [f"{counted(others, 'version tag')} spelled otherwise"] if others else []
    if early := _early(names, before):
        look.append(f"tags such as {early} are passed over: a version is X.Y.Z, a candidate of it X.Y.Z-rc.N")
    return Guess(f"{before}{{version}}", f"tags such as {example[0]}", "; ".join(look))


def _early(tags: Iterable[str], before: str) -> str:
    """The newest tag of a pre-release that is no candidate here, such as v2.0.0-beta.1; empty without one."""
    rule = re.compile(rf"{re.escape(before)}(\d+)\.(\d+)\.(\d+)-.+")
    found = [match for tag in tags if (match := rule.fullmatch(tag)) and not _TAG.fullmatch(tag)]
    return max(found, key=lambda match: [*map(int, match.groups())])[0] if found else ""


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
