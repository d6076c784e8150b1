"""How a clean tree gets its dependencies: the `setup` command, run once for everything that is equal."""

import asyncio
import hashlib
import json
import shutil
from pathlib import Path

import msgspec

from ..core.instant import Seconds, spoken
from ..errors import CheckFailed, CommandFailed
from .command import Commands
from .file_lock import file_lock

OWN = ".hotfix-env"
"""The environment of a tree that shares it with no other, inside the tree."""

MARKER = ".hotfix-complete"
"""Written into an environment last. Without it the environment is unfinished."""

SHOWN_LINES = 20


class Setup(msgspec.Struct, frozen=True):
    """How dependencies are installed, `[setup]` in the configuration.

    `command` is for `sh -c`, with $HOTFIX_ENV as the directory to fill. `inputs` are files of the tree that decide
    what it installs: trees in which they are equal share one environment. `timeout` is in seconds.
    """

    command: str = ""
    inputs: tuple[str, ...] = ()
    timeout: Seconds = 600.0


class Installer:
    """Makes environments, each once. It never looks inside: whether one works is the tests' business."""

    def __init__(self, commands: Commands, caches: Path) -> None:
        self._commands = commands
        self._caches = caches

    async def install(self, tree: Path, setup: Setup, log: Path) -> Path:
        """The environment of `tree` (the value of $HOTFIX_ENV), made by `setup.command` unless it is there.

        The command's output goes to `log`. Two that want the same environment at once wait for each other; one that
        was left unfinished is removed and made again. Without a command it is only a path.
        Raises `CommandFailed` when the command fails, `CheckFailed` when an input is missing.
        """
        if not setup.command:
            return tree / OWN
        key = await asyncio.to_thread(_key, tree, setup)
        environment = self._caches / key if setup.inputs else tree / OWN
        if not _complete(environment, key):
            async with file_lock(environment.with_name(environment.name + ".lock")):
                if not _complete(environment, key):
                    await self._make(tree, environment, setup, log)
                    await asyncio.to_thread(_mark, environment, key)
        return environment

    async def _make(self, tree: Path, environment: Path, setup: Setup, log: Path) -> None:
        if environment.exists():
            await asyncio.to_thread(shutil.rmtree, environment)
        ended = await self._commands.run(
            setup.command, cwd=tree, env={"HOTFIX_ENV": str(environment)}, timeout=setup.timeout, log=log
        )
        if not ended.ok:
            how = f"ran longer than {spoken(setup.timeout)}" if ended.timed_out else f"exited with {ended.exit_code}"
            raise CommandFailed(
                f"setup {how}: {setup.command}",
                detail="\n".join([*ended.tail[-SHOWN_LINES:], f"log: {log}"]),
                next_step=f"less {log}",
            )


def _key(tree: Path, setup: Setup) -> str:
    """Names an environment by what goes into it: the command, and the inputs' names and contents."""
    digests = {name: _digest(tree, name) for name in sorted(setup.inputs)}
    return hashlib.sha256(json.dumps([setup.command, digests], sort_keys=True).encode()).hexdigest()[:24]


def _digest(tree: Path, name: str) -> str:
    try:
        with (tree / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CheckFailed(
            f"setup: the input {name} cannot be read in {tree}",
            detail=str(error),
            next_step="correct `inputs` under [setup], or add the file",
        ) from error


def _complete(environment: Path, key: str) -> bool:
    try:
        return (environment / MARKER).read_text() == key
    except (FileNotFoundError, NotADirectoryError):
        return False


def _mark(environment: Path, key: str) -> None:
    environment.mkdir(parents=True, exist_ok=True)
    part = environment / f"{MARKER}.part"
    part.write_text(key)
    part.replace(environment / MARKER)
