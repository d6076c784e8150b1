"""The door to other programs. Every external command of the runner goes through it."""

import asyncio
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from ..errors import CommandFailed
from ..ports import Redact
from .child import Child, Reader
from .children import Children
from .output import Lines, Whole


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
    """Runs programs: each in a process group of its own, of which nothing is left when `run` returns or raises.

    What is left of the group is ended by TERM, then after `grace` seconds by KILL: on a time limit, on a cancel, and
    when the program itself has ended but its children have not. A child that makes a session of its own (a daemon)
    is not in the group: it lives on, and is not waited for.
    `children` is where what runs is noted, for whoever has to end it should this process die.
    Not a shell: a string is handed to `sh -c`, a sequence is run as it is. Standard input is empty unless it is given.
    """

    def __init__(self, redact: Redact, *, grace: float = 3.0, children: Path | None = None) -> None:
        self.redact = redact
        self._grace = grace
        self._children = Children(children) if children is not None else None

    async def run(
        self,
        command: str | Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str | None] | None = None,
        timeout: float = 600.0,
        log: Path | None = None,
        capture: bool = False,
        verbatim: bool = False,
        given: str | None = None,
    ) -> Finished:
        """Run `command` to its end, for at most `timeout` seconds.

        `env` is added to this process's environment; None takes a variable out. `log` is appended to, redacted, up
        to 20 MB. With `capture`, standard output is returned (up to 50 MB) and only standard error goes to tail and
        log; else both do. `verbatim` leaves captured output unredacted: for data that is compared, not shown.
        `given` is its standard input; a program need not read it.
        Raises `CommandFailed` when it cannot be started or the log cannot be written; a failing exit code is
        returned, not raised.
        """
        argv = ["/bin/sh", "-c", command] if isinstance(command, str) else [*command]
        lines, captured = self._lines(log), Whole()
        reader = Reader(captured if capture else lines, lines)
        try:
            errors = subprocess.PIPE if capture else subprocess.STDOUT
            process = await self._start(argv, cwd, env, reader, errors, given)
            timed_out = await self._watch(process, timeout)
        finally:
            lines.close()
        output = captured.text if verbatim else self.redact(captured.text)
        return Finished(process.exit_code, lines.tail, output, timed_out)

    def _lines(self, log: Path | None) -> Lines:
        try:
            return Lines(self.redact, log)
        except OSError as error:
            raise CommandFailed(f"cannot write the log {log}", detail=str(error)) from error

    async def _start(
        self,
        argv: Sequence[str],
        cwd: Path,
        env: Mapping[str, str | None] | None,
        reader: Reader,
        errors: int,
        given: str | None,
    ) -> Child:
        environment = {name: value for name, value in {**os.environ, **(env or {})}.items() if value is not None}
        start = asyncio.get_running_loop().subprocess_exec(
            lambda: reader,
            *argv,
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=cwd,
            env=environment,
            start_new_session=True,
        )
        starting = asyncio.ensure_future(start)
        try:
            transport, _ = await asyncio.shield(starting)
        except (OSError, ValueError) as error:
            raise CommandFailed(f"cannot start {argv[0]}", detail=self.redact(str(error))) from error
        except asyncio.CancelledError:
            with suppress(OSError, ValueError):  # it may run by now, and have children
                transport, _ = await starting
                await Child(transport, reader).clear(self._grace)
            raise
        child = self._noted(Child(transport, reader))
        if given is not None:
            child.tell(given)
        return child

    def _noted(self, child: Child) -> Child:
        if self._children is not None:
            self._children.note(child.group)
        return child

    async def _watch(self, process: Child, timeout: float) -> bool:
        """Wait for its end; whether the time limit ended it."""
        try:
            async with asyncio.timeout(timeout):
                await process.reader.ended.wait()
        except TimeoutError:
            return True
        finally:
            await process.clear(self._grace)
            if self._children is not None:
                self._children.forget(process.group)
        return False
