"""Questions about the repository's own condition, for setting up; nothing is changed by any of them."""

import re
from pathlib import Path

from ...errors import GitFailed
from ..command import Commands
from .call import GitCall
from .remotes import Remotes

_EITHER = frozenset({0, 1})


class Inspection(Remotes):
    """Git in one repository, looked at. `timeout` in seconds for each question."""

    def __init__(self, repository: Path, commands: Commands, *, remote: str = "origin", timeout: float = 20.0) -> None:
        super().__init__(GitCall(repository, commands, timeout), remote)

    async def version(self) -> tuple[int, ...]:
        """Git's version: `(2, 39, 5)`."""
        text = await self._call.text("version", what="say its version")
        match = re.search(r"\d+(\.\d+)+", text)
        return tuple(map(int, match[0].split("."))) if match else ()

    async def identity(self) -> str:
        """Whom commits and tags are made by, `Ada <ada@example.org>`; empty where git does not know."""
        try:
            ident = await self._call.text("var", "GIT_COMMITTER_IDENT", what="read the committer's name")
        except GitFailed:
            return ""
        return ident.rsplit(" ", 2)[0]

    async def remotes(self) -> tuple[str, ...]:
        """The names of the remotes."""
        return tuple((await self._call.text("remote", what="list its remotes")).splitlines())

    async def remote_head(self) -> str:
        """The branch that the remote shows first, as it was when it was cloned; empty where that is not known."""
        asked = ("symbolic-ref", "--quiet", "--short", f"refs/remotes/{self._remote}/HEAD")
        done = await self._call.run(*asked, what="read the remote's HEAD", accept=frozenset({0, 1, 128}))
        return done.output.strip().removeprefix(f"{self._remote}/")

    async def branches(self) -> tuple[str, ...]:
        """The branches, here and as they were fetched last from the remote."""
        rooms = ("refs/heads/", f"refs/remotes/{self._remote}/")
        listed = await self._call.text("for-each-ref", "--format=%(refname)", *rooms, what="list branches")
        names = listed.splitlines()
        found = (name.removeprefix(room) for room in rooms for name in names if name.startswith(room))
        return tuple(dict.fromkeys(name for name in found if name != "HEAD"))

    async def try_push(self, ref: str) -> None:
        """Ask the remote whether HEAD could be pushed to `ref`; nothing is pushed, and no hook of the remote runs.

        Raises `GitFailed` with its reason.
        """
        plain = ("--dry-run", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed")
        asked = ("push", *plain, "--recurse-submodules=no", "--", self._remote, f"HEAD:{ref}")
        what = f"push to {self._remote}"
        env = await self._call.over_the_network()
        done = await self._call.run(*asked, what=what, env=env, accept=_EITHER)
        if done.exit_code != 0:
            raise GitFailed(f"git could not {what}", detail=self._call.last_words(done))
