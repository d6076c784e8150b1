"""One git command: which settings of the user hold for it, which do not, and what its failure is called."""

import os
from collections.abc import Mapping
from pathlib import Path

from ...errors import CommandFailed, GitFailed
from ..command import Commands, Finished

_SETTINGS = (
    "core.hooksPath=/dev/null",  # the user's hooks are for the user's commits
    "core.fsmonitor=false",  # would leave a daemon behind
    "core.quotePath=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "push.followTags=false",
    "push.gpgSign=false",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "tag.forceSignAnnotated=false",
    "advice.detachedHead=false",
    "advice.pushUpdateRejected=false",
)
_OPTIONS = tuple(part for setting in _SETTINGS for part in ("-c", setting))

_QUIET: Mapping[str, str | None] = {
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
    "GIT_EDITOR": "true",
    "GIT_MERGE_AUTOEDIT": "no",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
# Set when a hook or an alias of another repository started us; they would point git at that one.
_FOREIGN = (
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
)
_NOBODY = ("hotfix-deploy-runner", "hotfix-deploy-runner@localhost")
_LAST_LINES = 12


class GitCall:
    """Runs git in `repository`, without hooks, prompts, editor or signing; `timeout` in seconds for each command."""

    def __init__(self, repository: Path, commands: Commands, timeout: float) -> None:
        self.repository = repository
        self._commands = commands
        self._timeout = timeout
        self._ssh: str | None = None

    async def run(
        self,
        *arguments: str,
        what: str,
        cwd: Path | None = None,
        env: Mapping[str, str | None] | None = None,
        accept: frozenset[int] = frozenset({0}),
        next_step: str = "",
        given: bytes = b"",
    ) -> Finished:
        """Run `git <arguments>` in `cwd` (default: the repository).

        Standard output is in the answer's `output`, not redacted: a branch may be named like somebody's password.
        `given` is its standard input.

        `what` names the operation for a person, as in "git could not <what>". Raises `GitFailed` unless the exit
        code is one of `accept`, with `next_step`.
        """
        argv = ["git", *_OPTIONS, *arguments]
        environment = {**_QUIET, **dict.fromkeys(_FOREIGN), **(env or {})}
        try:
            done = await self._commands.run(
                argv,
                cwd=cwd or self.repository,
                env=environment,
                timeout=self._timeout,
                capture=True,
                verbatim=True,
                given=given,
            )
        except CommandFailed as error:
            raise GitFailed(f"git could not {what}", detail=error.detail) from error
        if done.timed_out:
            what = f"{what} within {self._timeout:g} s"
        if done.timed_out or done.exit_code not in accept:
            raise GitFailed(f"git could not {what}", detail=self.last_words(done), next_step=next_step)
        return done

    async def text(self, *arguments: str, what: str, cwd: Path | None = None) -> str:
        """The standard output of a command that must succeed, without its last line end."""
        done = await self.run(*arguments, what=what, cwd=cwd)
        return done.output.removesuffix("\n")

    def last_words(self, done: Finished) -> str:
        """The last lines that git wrote for a person: on standard error, else (a merge) on standard output."""
        lines = done.tail or self.redact(done.output).splitlines()
        return "\n".join(lines[-_LAST_LINES:])

    def redact(self, text: str) -> str:
        """Output that a person will see."""
        return self._commands.redact(text)

    async def over_the_network(self) -> dict[str, str | None]:
        """Environment for a command that may use SSH: it must fail rather than ask, unless the user chose a command."""
        chosen = {"GIT_SSH_COMMAND", "GIT_SSH"} & os.environ.keys()
        if chosen or (await self._ssh_command()):
            return {}
        return {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=15"}

    async def identity(self) -> dict[str, str | None]:
        """Environment for a command that writes a commit or a tag: a name, where git has none for the user."""
        known = await self.run(
            "var", "GIT_COMMITTER_IDENT", what="read the committer's name", accept=frozenset({0, 128})
        )
        if known.exit_code == 0:
            return {}
        name, email = _NOBODY
        return {
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": email,
            "GIT_COMMITTER_NAME": name,
            "GIT_COMMITTER_EMAIL": email,
        }

    async def _ssh_command(self) -> str:
        """What the user has configured for SSH; asked for once."""
        if self._ssh is None:
            key = "core.sshCommand"
            done = await self.run("config", "--get", key, what=f"read its setting {key}", accept=frozenset({0, 1}))
            self._ssh = done.output.strip()
        return self._ssh
