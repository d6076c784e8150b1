"""Which findings are new: those that the base does not have. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from .sarif import Finding

Key = tuple[str, str, str]


class Comparison(msgspec.Struct, frozen=True):
    """The findings of the candidate, split: `new` ones, and `old` ones that the base has too."""

    new: tuple[Finding, ...]
    old: tuple[Finding, ...]


def compare(ours: Iterable[Finding], base: Iterable[Finding], *, gone: Callable[[str], bool]) -> Comparison:
    """Split `ours` by what `base` has. A finding is known by its rule, its file and the code it is about.

    Line numbers are no part of it: code moves. Each finding of the base excuses one of ours, so that a second copy
    of the same bad line is new. `gone(path)` says that the candidate has no such file any more: what was found
    there excuses the same in any other file (it was renamed).
    """
    left = Counter(_key(finding) for finding in base)
    new: list[Finding] = []
    old: list[Finding] = []
    for finding in ours:
        excuse = _excuse(_key(finding), left, gone)
        if excuse is not None:
            left[excuse] -= 1
        (new if excuse is None else old).append(finding)
    return Comparison(tuple(new), tuple(old))


def _excuse(key: Key, left: Counter[Key], gone: Callable[[str], bool]) -> Key | None:
    if left[key] > 0:
        return key
    rule, _, code = key
    moved = (k for k, n in left.items() if n > 0 and k[0] == rule and k[2] == code and gone(k[1]))
    return next(moved, None)


def _key(finding: Finding) -> Key:
    return (finding.rule, finding.path, "".join((finding.snippet or finding.message).split()))
