"""The builder that ships: run the build command, if there is one, and pack the tree."""

import asyncio
import errno
import os
import threading
from pathlib import Path

from pydantic import Field

from ..core.instant import Seconds
from ..core.revision import Artifact
from ..doors.command import Commands
from ..errors import CheckFailed
from ..ports import Commit, Settings, Workplace
from ..settings import Duration, InsidePath, Table, read_table, reads
from .partial import partial_file
from .tarball import contents, pack

NEVER = (".git", ".hotfix-env", "__pycache__", "*.pyc", ".pytest_cache", ".mypy_cache", ".ruff_cache")
"""Left out always: git's own, what was installed for the tests, and what differs in every copy of the same tree."""


class ArchiveSettings(Table):
    """The `[build]` table of `builder = "archive"`: run a command, then pack the tree."""

    command: str = Field("", description="Run in the source's directory before packing; is told $HOTFIX_COMMIT.")
    output: InsidePath = Field("", description="The directory to pack, relative to the source; empty: all of it.")
    exclude: tuple[str, ...] = Field(
        (), description="Patterns left out: one without `/` is for names at any depth, one with it for whole paths."
    )
    timeout: Duration = Field(900.0, description="How long the command may take.", gt=0)


@reads(ArchiveSettings)
def make_builder(settings: Settings, workplace: Workplace) -> "ArchiveBuilder":
    """The factory of the entry point `archive`. Raises `UsageError` for wrong settings."""
    table = read_table(ArchiveSettings, settings, "build")
    return ArchiveBuilder(
        Commands(workplace.redact, children=workplace.children),
        store=workplace.store,
        command=table.command,
        output=Path(table.output),
        exclude=table.exclude,
        timeout=table.timeout,
    )


class ArchiveBuilder:
    """Makes a `.tar.gz` named by its SHA-256 in `store`/artifacts: the same content, wherever, is one file.

    It is stored whole or not at all. `timeout` in seconds is for the command; its output goes to `store`/logs.
    """

    def __init__(
        self,
        commands: Commands,
        *,
        store: Path,
        command: str = "",
        output: Path = Path(),
        exclude: tuple[str, ...] = (),
        timeout: Seconds = 900.0,
    ) -> None:
        self._commands = commands
        self._artifacts = store / "artifacts"
        self._logs = store / "logs"
        self._command = command
        self._output = output
        self._exclude = (*NEVER, *exclude)
        self._timeout = timeout

    async def build(self, source: Path, commit: Commit) -> Artifact:
        """The artifact of `source`. Raises `CheckFailed`: the command failed, nothing to pack, or no room."""
        if self._command:
            await self._run(source, commit)
        stop = threading.Event()
        try:
            return await asyncio.to_thread(self._pack, source, stop)
        except asyncio.CancelledError:
            stop.set()  # else the thread would hold up the end of the program
            raise

    async def _run(self, source: Path, commit: Commit) -> None:
        log = self._logs / f"build-{commit[:12]}.log"
        env = {"HOTFIX_COMMIT": commit}
        done = await self._commands.run(self._command, cwd=source, env=env, timeout=self._timeout, log=log)
        if not done.ok:
            how = f"was ended after {self._timeout:g} s" if done.timed_out else f"failed with {done.exit_code}"
            raise CheckFailed(f"the build command {how} (log: {log})", detail="\n".join(done.tail))

    def _pack(self, source: Path, stop: threading.Event) -> Artifact:
        root = source / self._output
        if not root.is_dir():
            raise CheckFailed(f"there is no directory {self._output} to pack after the build")
        if not root.resolve().is_relative_to(source.resolve()):
            raise CheckFailed(f"cannot pack {self._output}: it is a link that leads out of the source")
        try:
            self._artifacts.mkdir(parents=True, exist_ok=True)
            return self._store(root, stop)
        except OSError as error:
            raise self._refusal(error) from error

    def _store(self, root: Path, stop: threading.Event) -> Artifact:
        paths = list(contents(root, self._exclude))
        if not paths:
            raise CheckFailed(f"there is nothing to pack in {self._output}")
        with partial_file(self._artifacts) as file:
            digest, size = pack(root, iter(paths), file, stop.is_set)
            file.flush()
            os.fsync(file.fileno())
            partial = Path(file.name)
            partial.chmod(0o644)
            stored = partial.replace(self._artifacts / f"{digest}.tar.gz")
        _sync(self._artifacts)
        return Artifact(digest=f"sha256:{digest}", location=str(stored), size=size)

    def _refusal(self, error: OSError) -> CheckFailed:
        seen = self._commands.redact(str(error))
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return CheckFailed(
                f"no room for the artifact in {self._artifacts}", detail=seen, next_step=f"df -h {self._artifacts}"
            )
        return CheckFailed("the artifact could not be packed", detail=seen)


def _sync(directory: Path) -> None:
    """Have the new name on disk too, not only the bytes."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
