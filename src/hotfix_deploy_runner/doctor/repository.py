"""Git and the remote, as a run needs them."""

from ..core.check import Line, Status
from ..doors.git.inspection import Inspection
from ..errors import GitFailed

LEAST = (2, 38)
"""The first git with `merge-tree --write-tree`."""

_TRIED = "refs/heads/hotfix-deploy-runner-doctor"


class RepositoryExamination:
    """Git's version, who commits, whether history is whole, and whether the remote answers and takes a push."""

    def __init__(self, git: Inspection, remote: str) -> None:
        self._git = git
        self._remote = remote

    async def lines(self) -> list[Line]:
        """A line for each. Raises `GitFailed` when git itself does not work."""
        return [await self._version(), await self._identity(), await self._history(), *await self._remotes()]

    async def _version(self) -> Line:
        version = await self._git.version()
        text = f"git {'.'.join(map(str, version))}"
        if version < LEAST:
            return Line(Status.FAIL, text, (f"install git {'.'.join(map(str, LEAST))} or newer",))
        return Line(Status.OK, text)

    async def _identity(self) -> Line:
        identity = await self._git.identity()
        if identity:
            return Line(Status.OK, f"Tags and merges are made by {identity}")
        how = 'git config --global user.name "…" && git config --global user.email "…"'
        return Line(Status.WARN, "Git has no name for you: tags and merges are made by hotfix-deploy-runner", (how,))

    async def _history(self) -> Line:
        if await self._git.is_shallow():
            return Line(
                Status.FAIL, "The clone is shallow: its history cannot be trusted", ("git fetch --unshallow --tags",)
            )
        return Line(Status.OK, "History is whole")

    async def _remotes(self) -> list[Line]:
        remote = self._remote
        known = await self._git.remotes()
        if remote not in known:
            others = f"or set remote to {' or '.join(known)} in hotfix.toml" if known else ""
            how = tuple(filter(None, (f"git remote add {remote} URL", others)))
            return [Line(Status.FAIL, f"There is no remote {remote}", how)]
        try:
            tags = await self._git.remote_tags()
        except GitFailed as error:
            return [Line(Status.FAIL, f"Remote {remote} does not answer", (*_said(error), f"git ls-remote {remote}"))]
        return [Line(Status.OK, f"Remote {remote} answers ({len(tags)} tags)"), await self._push()]

    async def _push(self) -> Line:
        try:
            await self._git.try_push(_TRIED)
        except GitFailed as error:
            how = f"git push --dry-run {self._remote} HEAD:{_TRIED}"
            return Line(Status.FAIL, f"Remote {self._remote} takes no push", (*_said(error), how))
        return Line(
            Status.OK, f"Remote {self._remote} takes a push (asked, not done: hooks and protection are not tried)"
        )


def _said(error: GitFailed) -> tuple[str, ...]:
    return tuple(error.detail.splitlines()[-3:]) or (error.message,)
