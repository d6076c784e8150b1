"""What a journal can do. Small, and synchronous: the shell keeps a thread for it."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ..core.events import AnyEvent, Verb
from ..core.instant import Instant
from ..errors import UsageError
from .rows import RunId, RunRow

__all__ = ["InboxRequest", "RunId", "RunRow", "Store", "choose"]


class InboxRequest(msgspec.Struct, frozen=True):
    """What somebody who does not hold the run asks of its holder. `id` is unique; asking it twice is asking once."""

    id: str
    verb: Verb
    by: str
    reason: str
    at: Instant


class Store(Protocol):
    """Events by run, and an inbox for each. One process appends to a run; any number read, and ask.

    Not an index or a cache: what `append` returned from is on disk. Used by one thread at a time, not always the same.
    Every method raises `JournalBroken` when the journal cannot be read or written.
    """

    def append(self, run: RunId, after: int, events: Sequence[AnyEvent]) -> int:
        """Write `events`, all or none, behind number `after`, the last that the writer knows (0: a new run).

        Returns the number of the last. The first event of a run is `RunStarted`. A `RequestReceived` takes its
        request out of the inbox. Raises `JournalBroken` when `after` is not the last: somebody else writes.
        """
        ...

    def events(self, run: RunId, after: int = 0) -> list[tuple[int, AnyEvent]]:
        """The events of a run behind number `after`, in order, each with its number (1, 2, …)."""
        ...

    def runs(self, limit: int | None = None) -> list[RunRow]:
        """The newest `limit` runs, newest first; all of them with None."""
        ...

    def find(self, which: str = "last") -> RunId:
        """The run that a person means: its id, an unambiguous beginning of it, or `last`. Raises `UsageError`."""
        ...

    def ask(self, run: RunId, request: InboxRequest) -> None:
        """Put a request into the run's inbox. Raises `UsageError` when there is no such run."""
        ...

    def requests(self, run: RunId) -> list[InboxRequest]:
        """The requests that the run's holder has not received, in the order of asking."""
        ...

    def close(self) -> None:
        """Let go of the journal. Nothing is lost without it."""
        ...


def choose(which: str, newest_first: Sequence[RunId]) -> RunId:
    """The run that a person means by `which` (see `Store.find`). Raises `UsageError` when it is none or several."""
    if which == "last" and newest_first:
        return newest_first[0]
    found = [which] if which in newest_first else [run for run in newest_first if which and run.startswith(which)]
    if len(found) == 1:
        return found[0]
    listing = "hotfix-deploy-runner runs"
    if found:
        raise UsageError(f"several runs begin with {which}", detail=", ".join(found[:5]), next_step=listing)
    raise UsageError("there is no run yet" if which == "last" else f"there is no run {which}", next_step=listing)
