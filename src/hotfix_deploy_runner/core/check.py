"""What a check is given and what it answers."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from .revision import Revision


class Status(StrEnum):
    """The mark at the front of a line. OK, WARN, FAIL and SKIP are the contract's."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"
    SKIP = "SKIP"


class Line(msgspec.Struct, frozen=True):
    """One narrated line, `  [STATUS] text`; `detail` is what stands indented under it, a line each."""

    status: Status
    text: str
    detail: tuple[str, ...] = ()


class Candidate(msgspec.Struct, frozen=True):
    """What is to be checked. Paths are absolute directories as text.

    `tree` is a clean checkout of `commit` made for this run, `base_tree` one of the base's commit; neither is
    the operator's. `environment` is the directory its dependencies are installed in (may not exist), `logs`
    where a check leaves its full output. `changed` are paths relative to the tree, base to commit. `tags` and
    `merges` are the tags and the branches that this run will push.
    """

    branch: str
    commit: str
    base: Revision
    tree: str
    base_tree: str
    environment: str
    logs: str
    changed: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    merges: tuple[str, ...] = ()


class CheckResult(msgspec.Struct, frozen=True):
    """A check's answer: its lines (at least one) and what it found, as JSON values, for the document.

    Its status is the worst of its lines: FAIL, then WARN, then SKIP, then OK.
    """

    lines: tuple[Line, ...]
    found: dict[str, object] = {}

    @property
    def status(self) -> Status:
        """The worst status among its lines."""
        return worst(line.status for line in self.lines)


_BADNESS = (Status.OK, Status.SKIP, Status.WARN, Status.FAIL)


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of some statuses; OK when there are none."""
    return max(statuses, key=_BADNESS.index, default=Status.OK)
