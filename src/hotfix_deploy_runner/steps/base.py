"""Where a hotfix starts: the commit of what runs, who says so, and the version that the next one follows."""

import re

import msgspec

from ..core.facts import Request
from ..core.revision import Revision
from ..core.version import TagFormat, Version
from ..doors.git import Git
from ..errors import CheckFailed, UsageError

_COMMIT = re.compile(r"[0-9a-f]{7,40}")


class Base(msgspec.Struct, frozen=True):
    """`commit` is 40 hex; `said_by` is `tag`, `commit` (the platform) or `base` (the operator)."""

    commit: str
    said_by: str
    follows: Version


class Bases:
    """Finds the base of a hotfix. It reads; nothing is fetched, and no tag is made."""

    def __init__(self, git: Git, tags: TagFormat) -> None:
        self._git, self._tags = git, tags

    async def stated(self, old: Revision) -> tuple[str, str]:
        """The commit of what runs as the platform or its tag says it, empty when neither does; and which of the two.

        A version that is a commit's own id says it too.
        """
        tagged = await self._git.resolve(f"refs/tags/{old.version}")
        named = await self._git.resolve(old.version) if _COMMIT.fullmatch(old.version) else None
        commit = old.commit or tagged or named or ""
        return commit, "tag" if commit == tagged else "commit"

    async def find(self, old: Revision, place: str, request: Request) -> Base:
        """The base of a hotfix for `place`, where `old` runs.

        Raises `CheckFailed` where only the operator can tell it and has not, or what he names is not what runs;
        `UsageError` for a name that means nothing.
        """
        commit, said_by = await self.stated(old)
        if request.base:
            return await self._named(old, commit, said_by, place, request)
        if not commit:
            why = f"{place} runs {old.version}, and neither it nor a tag says from which commit"
            raise CheckFailed(why, next_step=again(request, "COMMIT"))
        running = self._tags.version(old.version)
        if running is None:
            why = f"what {place} runs, {old.version}, is no version in the tag format {self._tags.pattern}"
            raise CheckFailed(why, next_step=again(request, commit))
        return Base(commit, said_by, running)

    async def _named(self, old: Revision, stated: str, said_by: str, place: str, request: Request) -> Base:
        """What the operator names, unless what runs says another; no news where its version's tag says it too."""
        commit = await self._resolved(request.base)
        if stated and not commit.startswith(stated):
            seen = f"--base {request.base} is {commit}\n{place} runs {old.version}, which is {stated}"
            raise CheckFailed(f"--base is not what {place} runs", detail=seen, next_step=again(request, stated))
        running = self._tags.version(old.version)
        if running is not None and said_by == "tag" and stated:
            return Base(commit, said_by, running)
        return Base(commit, "base", running or await self._newest_in(commit))

    async def _resolved(self, name: str) -> str:
        commit = await self._git.resolve(f"refs/tags/{name}") or await self._git.resolve(name)
        if commit is None:
            again = "git fetch --tags, or push it from the clone that has it"
            raise UsageError(f"--base: there is no commit or tag {name} here", next_step=again)
        return commit

    async def _newest_in(self, commit: str) -> Version:
        """The newest final version that `commit` holds."""
        held = [v for v in self._tags.versions(await self._git.tags_in(commit)) if v.is_final]
        if not held:
            first = self._tags.tag(Version(0, 1, 0))
            raise CheckFailed(
                f"no version in the tag format {self._tags.pattern} is tagged on {commit[:12]} or before it",
                next_step=f"git tag -a {first} {commit} && git push origin {first}; then the same command",
            )
        return held[-1]


def again(request: Request, base: str) -> str:
    """The command with the base named."""
    return f"hotfix-deploy-runner --branch {request.branch} --target {request.target} --base {base}"
