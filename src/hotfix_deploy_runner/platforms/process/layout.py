"""Where a process platform keeps what it knows, and its records on disk.

    <root>/fence                                     the highest fence seen; its flock serialises every effect
    <root>/move.json  serving.json                   the last Move prepared; the endpoints that take traffic
    <root>/releases/<digest-hex>/tree                an unpacked artifact
    <root>/instances/<slot>/<incarnation>/           record.json, log, exit: one life of one instance

Nothing is remembered in memory: a platform object made after a crash reads the same records.
"""

import os
import secrets
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import msgspec

from ...core.instant import Instant
from ...core.revision import Revision
from ...ports import Move

Stored = TypeVar("Stored", bound=msgspec.Struct)


class Stage(StrEnum):
    """How far a life has come. STARTING has not taken traffic yet; DRAINING gets no new requests; OVER is history."""

    STARTING = "starting"
    SERVING = "serving"
    DRAINING = "draining"
    STOPPING = "stopping"
    OVER = "over"


class Life(msgspec.Struct, frozen=True):
    """A process that cannot be mistaken for another: a pid is used again, these three together are not.

    `ticks` is its start in clock ticks since boot (/proc/<pid>/stat, field 22, proc(5)), `boot` the kernel's boot id.
    """

    pid: int
    ticks: int
    boot: str


class Record(msgspec.Struct, frozen=True):
    """One life of one instance. Written before its process is started, without `life`, and completed right after.

    `given_up` says why the platform ended it before it ever served.
    """

    slot: str
    incarnation: str
    revision: Revision
    port: int
    begun: Instant
    stage: Stage = Stage.STARTING
    life: Life | None = None
    given_up: str = ""


class Serving(msgspec.Struct, frozen=True):
    """`serving.json`: base URLs that take traffic. `published` once the `publish` command was told of them."""

    endpoints: tuple[str, ...] = ()
    at: Instant = 0.0
    published: bool = True


class Prepared(msgspec.Struct, frozen=True):
    """`move.json`: the last move prepared, and the slots that there were before it: the way back restores these."""

    move: Move
    slots: tuple[str, ...] = ()


class Layout:
    """The paths under `root`, and the records there. Small files, written whole and then renamed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.fence = root / "fence"
        self.move = root / "move.json"
        self.serving = root / "serving.json"
        self.publish_log = root / "publish.log"
        self.releases = root / "releases"
        self.instances = root / "instances"

    def place(self, record: Record) -> Path:
        """The directory of this life."""
        return self.instances / record.slot / record.incarnation

    def log(self, record: Record) -> Path:
        """Its standard output and standard error."""
        return self.place(record) / "log"

    def exit(self, record: Record) -> Path:
        """Its exit code, as `sh` counts it: 128 + n for signal n. Missing while it lives."""
        return self.place(record) / "exit"

    def write(self, record: Record) -> Record:
        """Store `record`, in the place of its earlier state."""
        self.place(record).mkdir(parents=True, exist_ok=True)
        write_json(self.place(record) / "record.json", record)
        return record

    def records(self, slot: str = "") -> list[Record]:
        """The lives that are not over, of one slot or of all, oldest first in each slot."""
        return [r for r in self.history(slot) if r.stage is not Stage.OVER]

    def history(self, slot: str = "") -> Iterator[Record]:
        """Every life whose directory is still there, in the order of slots, oldest first."""
        for place in sorted(self.instances.glob(f"{slot or '*'}/*"), key=_order):
            record = read_json(place / "record.json", Record)
            if record is not None:
                yield record


def new_incarnation() -> str:
    """A name for a life that sorts by time and is used once."""
    return f"{time.time_ns():020d}-{secrets.token_hex(3)}"


def write_json(path: Path, value: msgspec.Struct, *, durable: bool = False) -> None:
    """Replace `path` by `value` in one step; `durable` also survives a power cut."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(msgspec.json.encode(value))
        if durable:
            file.flush()
            os.fsync(file.fileno())
    part.replace(path)


def read_json(path: Path, kind: type[Stored]) -> Stored | None:
    """What `path` holds; None when it is not there, or was cut short by a power cut (its process died with it)."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def _order(place: Path) -> tuple[str, int, str]:
    """By the slot's name, then its number (`web-2` before `web-10`), then the incarnation."""
    name, _, number = place.parent.name.rpartition("-")
    return (name, int(number) if number.isdecimal() else 0, place.name)
