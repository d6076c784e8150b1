"""The place that the team shares, as runs need it: that it takes what they write, and who else can read it."""

import re
import secrets

from ..config.model import Settings
from ..core.check import Line, Status
from ..doors.git.objects import DataCommit, Objects
from ..errors import HotfixError
from ..shared.commons import Commons
from ..shared.place import Place

_PUBLIC_HOSTS = re.compile(r"(?:ssh://)?(?:[^@/]+@)?(github\.com|gitlab\.com|bitbucket\.org)[:/](.+)")


class TeamExamination:
    """What `place` is, and whether it works. On a remote, a ref is made in the room of locks and removed again."""

    def __init__(self, place: Place, settings: Settings, git: Objects, commons: Commons | None) -> None:
        self._place, self._settings, self._git, self._commons = place, settings, git, commons

    async def lines(self) -> list[Line]:
        """A line for each."""
        if self._place == "local":
            how = 'journal = "git" keeps one run at a time for everybody who shares the remote'
            return [Line(Status.WARN, "The lock is this clone's alone (journal = local)", (how,))]
        if self._commons is None:
            return [Line(Status.WARN, f"There is no remote {self._settings.remote} to share a lock on")]
        if self._place == "git":
            return [await self._takes_locks(), *await self._read_by_all()]
        return [await self._answers(self._commons)]

    async def _answers(self, commons: Commons) -> Line:
        try:
            locks = await commons.look()
        except HotfixError as error:
            how = tuple(filter(None, (*error.detail.splitlines()[-3:], error.next_step)))
            return Line(Status.FAIL, error.message, how)
        return Line(Status.OK, f"{commons.name} answers ({len(locks)} locks)")

    async def _takes_locks(self) -> Line:
        """Whether the remote takes refs in the room of locks, several at once or none, and lets them be removed."""
        room, remote = self._settings.shared_refs, self._settings.remote
        refs = [f"{room}doctor/{secrets.token_hex(8)}" for _ in range(2)]
        (commit,) = await self._git.make([DataCommit("A try by hotfix-deploy-runner doctor", {"try": b"try\n"})])
        error = await self._git.try_to_push([f"{commit}:{ref}" for ref in refs], dict.fromkeys(refs, ""))
        if error is None:
            error = await self._git.try_to_push([f":{ref}" for ref in refs], dict.fromkeys(refs, commit))
        if error is None:
            return Line(Status.OK, f"Remote {remote} takes locks ({room}; tried, and removed again)")
        how = 'where the host takes only branches: shared_refs = "refs/heads/hotfix-lock/"; else journal = "postgresql://…"'
        return Line(Status.FAIL, f"Remote {remote} takes no locks in {room}", (error.message, how))

    async def _read_by_all(self) -> list[Line]:
        """A word where anybody can read the remote: the events of runs are there."""
        url = _anonymous(await self._git.url())
        if not url or not await self._git.is_read_by_anybody(url):
            return []
        what = f"Remote {self._settings.remote} can be read by anybody: so can the events of runs that are kept there"
        return [Line(Status.WARN, what, ('journal = "postgresql://…" keeps them elsewhere',))]


def _anonymous(url: str) -> str:
    """The address without a login at which anybody would read it; empty where there is no such."""
    if known := _PUBLIC_HOSTS.fullmatch(url):
        return f"https://{known[1]}/{known[2]}"
    scheme, mark, rest = url.partition("://")
    if not mark or scheme not in ("http", "https"):
        return ""
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
