"""The door to other programs. Every external command of the runner goes through it."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from ..errors import CommandFailed
from .redaction import Redactor

TAIL_LINES = 40
LINE_LIMIT = 4_000
LOG_LIMIT = 20_000_000
CAPTURE_LIMIT = 50_000_000


class Finished(msgspec.Struct, frozen=True):
    """How a command ended. `output` is all of standard output (when captured), `tail` the last lines of both.

    Both are redacted. `exit_code` is negative for a signal; `timed_out` when the time limit ended it.
    """

    exit_code: int
    tail: tuple[str, ...] = ()
    output: str = ""
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """Whether it ended by itself, with 0."""
        return self.exit_code == 0 and not self.timed_out


class Commands:
    """Runs programs: each in a process group of its own, which is ended (TERM, then KILL) on a time limit or a cancel.

    Not a shell: a string is handed to `sh -c`, a sequence is run as it is. Standard input is empty.
    """

    def __init__(self, redact: Redactor, *, grace: float = 3.0) -> None:
        self.redact = redact
        self._grace = grace

    async def run(
        self,
        command: str | Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout: float = 600.0,
        log: Path | None = None,
        capture: bool = False,
    ) -> Finished:
        """Run `command` to its end.

        `env` is added to this process's environment. `log` is appended to, redacted, up to 20 MB. With `capture`,
        standard output is returned (up to 50 MB) and only standard error goes to tail and log; else both do.
        Raises `CommandFailed` when it cannot be started; a failing exit code is returned, not raised.
        """
        argv = ["/bin/sh", "-c", command] if isinstance(command, str) else [*command]
        process = await self._start(argv, cwd, env, capture)
        sink = _Sink(self.redact, log)
        captured: list[bytes] = []
        readers = [asyncio.create_task(_drain(process.stderr if capture else process.stdout, sink))]
        if capture:
            readers.append(asyncio.create_task(_collect(process.stdout, captured)))
        timed_out = False
        try:
            async with asyncio.timeout(timeout):
                await process.wait()
                await asyncio.gather(*readers)
        except TimeoutError:
            timed_out = True
        finally:
            await asyncio.shield(self._end(process, readers))
            sink.close()
        output = self.redact(b"".join(captured).decode("utf-8", "replace")) if capture else ""
        code = process.returncode if process.returncode is not None else -signal.SIGKILL
        return Finished(exit_code=code, tail=sink.tail, output=output, timed_out=timed_out)

    async def _start(
        self, argv: Sequence[str], cwd: Path, env: Mapping[str, str] | None, capture: bool
    ) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *argv,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE if capture else asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise CommandFailed(f"cannot start {argv[0]}", detail=self.redact(str(error))) from error

    async def _end(self, process: asyncio.subprocess.Process, readers: Sequence["asyncio.Task[None]"]) -> None:
        """Leave no process of the group behind, and no reader waiting for a pipe that a stray child holds."""
        for number, patience in ((signal.SIGTERM, self._grace), (signal.SIGKILL, 5.0)):
            if process.returncode is not None and number is signal.SIGTERM and not _alive(process.pid):
                break
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await process.wait()
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


class _Sink:
    """Takes output line by line: redacts it, keeps the last lines, writes the log up to its limit."""

    def __init__(self, redact: Redactor, log: Path | None) -> None:
        self._redact = redact
        self._lines: deque[str] = deque(maxlen=TAIL_LINES)
        self._file = None
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            self._file = log.open("a", encoding="utf-8")
        self._room = LOG_LIMIT

    def line(self, raw: bytes) -> None:
        text = self._redact(raw.decode("utf-8", "replace").rstrip("\r\n"))
        self._lines.append(text[:LINE_LIMIT])
        if self._file is None or self._room <= 0:
            return
        self._file.write(text + "\n")
        self._room -= len(text) + 1
        if self._room <= 0:
            self._file.write("[the rest of the output was dropped: the log is full]\n")

    @property
    def tail(self) -> tuple[str, ...]:
        return tuple(self._lines)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


async def _drain(stream: asyncio.StreamReader | None, sink: _Sink) -> None:
    """Read to the end, in lines of bounded length (a program may print 100 MB without a line end)."""
    assert stream is not None
    pending = b""
    while chunk := await stream.read(65_536):
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            sink.line(line)
        if len(pending) > 65_536:
            sink.line(pending)
            pending = b""
    if pending:
        sink.line(pending)


async def _collect(stream: asyncio.StreamReader | None, into: list[bytes]) -> None:
    assert stream is not None
    room = CAPTURE_LIMIT
    while chunk := await stream.read(65_536):
        if room > 0:
            into.append(chunk[:room])
        room -= len(chunk)
