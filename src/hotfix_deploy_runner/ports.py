"""The doors' shapes: what the run needs of the world, and what a plug-in has to be. Nothing here does anything.

Plug-ins register under the entry-point groups `hotfix_deploy_runner.platforms`, `.checks`, `.metrics`,
`.notifiers` and `.artifacts`; each entry point is a factory that takes its own table of the configuration and the
`Site` (a platform) or `Workplace` (everything else) it works at.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

import msgspec

from .core.check import Candidate, CheckResult, Line
from .core.fleet import Fleet, Instance
from .core.instant import Instant, Seconds
from .core.notice import Notice, Thread
from .core.reading import Cursor, Reading
from .core.revision import Artifact, Revision

Commit = str
"""A full commit id, 40 hex."""


class All(Enum):
    """Every instance, however many there are when it is done."""

    ALL = "all"


ALL: Final = All.ALL


class Move(msgspec.Struct, frozen=True):
    """A change from `old` to `new`, made under `fence`. Stored at the platform by `prepare`.

    A platform that can compare refuses a fence lower than one it has seen: `Superseded`.
    """

    new: Revision
    old: Revision
    fence: int


class Platform(Protocol):
    """Where instances run. Driven by one number: how many of them serve the new revision.

    Every method may be cancelled at any await; what was ordered by then is visible in `fleet()`, and every
    method may be repeated. Raises `PlatformFailed`, or `Superseded` for a fence lower than one seen.
    """

    noun: str
    """What one instance is called: `process`, `pod`, `host`, `container`."""

    async def fleet(self) -> Fleet:
        """What runs now. Asked of the platform each time, never remembered."""
        ...

    async def prepare(self, move: Move) -> None:
        """The slow part (upload, pull, unpack, install), and what is needed for the way back.

        Nothing serves differently after it. Refuses a lower fence and stores a higher one.
        """
        ...

    async def shift(self, move: Move, count: "int | All") -> None:
        """Have `count` instances serve `move.new` and the others `move.old`; only upward, or 0.

        Ordered when it returns; whether it came true is read from `fleet()`. 0 brings `move.old` everywhere,
        also where instances had failed.
        """
        ...

    async def settle(self, keep: Revision, fence: int) -> None:
        """Final: drop what was kept only for a fast way back. `keep` goes on serving."""
        ...

    async def explain(self, instance: Instance) -> str:
        """Why it is as it is: its last log lines, its exit, the platform's reason. For a person."""
        ...


class Check(Protocol):
    """One pre-flight check. It reads; it changes nothing outside the candidate's own directories."""

    async def check(self, candidate: Candidate) -> CheckResult:
        """The verdict on `candidate`. Raises `CheckFailed` when it could not be carried out."""
        ...


class MetricsSource(Protocol):
    """Where error rate and latency are read. Reads, never judges."""

    async def read(self, fleet: Fleet, cursor: Cursor | None) -> tuple[Reading, Cursor]:
        """The increments since `cursor`, by revision and instance; empty at the first call (`cursor` None).

        Differenced here from raw counters; an instance is known by its incarnation. Raises `NoReading` when
        nothing at all could be read.
        """
        ...


class Notifier(Protocol):
    """A channel to people."""

    async def tell(self, notice: Notice, thread: Thread | None) -> Thread | None:
        """Deliver `notice`, in `thread` where the channel has such. Raises `NotTold`.

        Returns the thread for the notices that follow, None where the channel has none. A `NotTold` with `maybe` is
        not repeated, unless the notice is terminal.
        """
        ...


@runtime_checkable
class Board(Protocol):
    """What a `Notifier` can be besides: one with a message that shows where the run stands."""

    async def show(self, notice: Notice, thread: Thread) -> None:
        """Bring that message up to date, without telling anybody. Raises `NotTold`."""
        ...


class ArtifactBuilder(Protocol):
    """Makes the bytes that run, once, from a clean tree."""

    async def build(self, source: Path, commit: Commit) -> Artifact:
        """The artifact of `source`, a clean checkout of `commit`. Knows no version. Raises `CheckFailed`."""
        ...


@runtime_checkable
class Examinable(Protocol):
    """A plug-in that can say before a run what it lacks. Optional; `doctor` asks those that can."""

    async def examine(self) -> Sequence[Line]:
        """What it has and what it lacks, each with the remedy under it. It changes nothing."""
        ...


Settings = Mapping[str, Any]
"""A plug-in's own table of the configuration, as read; each validates its own and raises `UsageError`."""

Redact = Callable[[str], str]
"""Takes secrets out of a text."""


class Workplace(msgspec.Struct, frozen=True):
    """What a plug-in without a platform is given.

    `repository` is the operator's checkout (read only), `remote` the name of its remote, `store` a directory that is
    kept between runs, `operator` who runs this, `clock` what a run's instants are read from. One git command may take
    `remote_timeout` seconds. `children` is where the programs that run are noted.
    """

    repository: Path
    store: Path
    redact: Redact
    remote: str = "origin"
    operator: str = ""
    clock: Callable[[], Instant] = time.time
    remote_timeout: Seconds = 120.0
    children: Path | None = None


class Site(msgspec.Struct, frozen=True):
    """Where a platform works: its place in the configuration, and the artifacts' store.

    `state` is a directory of its own on this machine, kept between runs, for a platform that has no other place.
    `artifacts` holds the built artifacts, `caches` what installing them can share with other trees, `children` where
    the programs that run are noted.
    """

    environment: str
    name: str
    state: Path
    artifacts: Path
    caches: Path
    redact: Redact
    children: Path | None = None
