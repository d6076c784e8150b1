"""What goes over the network: the remote's branches and tags, fetch and push."""

import re
from collections.abc import Mapping, Sequence

from ...errors import GitFailed, GitRefused
from . import records
from .records import Commit
from .refs import Refs

_CLASH = re.compile(r"^ ! \[rejected\].*\(would clobber existing tag\)$")
_ANY_END = frozenset({0, 1})


class Remotes(Refs):
    """The remote, asked each time. Its name must be one that git knows (`git remote`)."""

    async def remote_branch(self, name: str) -> Commit | None:
        """The tip of the branch of exactly this name on the remote."""
        ref = f"refs/heads/{name}"
        return (await self._ls_remote("--heads", patterns=(ref,))).get(ref)

    async def remote_tags(self) -> dict[str, Commit]:
        """All tags on the remote, each with the commit it means in the end."""
        return records.peeled_tags(await self._ls_remote("--tags"))

    async def remote_refs(self, prefix: str) -> dict[str, str]:
        """The remote's refs that begin with `prefix` (`refs/hotfix/rolled-back/`), each with what it points to."""
        return await self._ls_remote(patterns=(f"{prefix}*",))

    async def fetch(self) -> tuple[str, ...]:
        """Get the remote's branches (into `refs/remotes/<remote>/`) and tags. Nothing is pruned, no tag is moved.

        Returns the tags that differ here from the remote's: those were left as they are.
        """
        branches = f"+refs/heads/*:refs/remotes/{self._remote}/*"
        done = await self._fetch("--tags", branches, accept=_ANY_END)
        if done == ():
            return ()
        if not any(map(_CLASH.match, done)):
            why = "\n".join(done)
            raise GitFailed(f"git could not fetch from {self._remote}", detail=why, next_step=self._look())
        await self._fetch("--no-tags", branches)  # whatever else failed, fails again
        return await self._clashing_tags()

    async def push(
        self, refspecs: Sequence[str], *, leases: Mapping[str, str] | None = None, atomic: bool = True
    ) -> None:
        """Push; with `atomic` all or none. What is there already counts as pushed.

        `leases` maps a full ref to the commit that the remote must have there, "" for: it must not exist.
        Raises `GitRefused` naming the refs that were rejected and why; any other `GitFailed` does not say whether it
        was done.
        """
        error = await self.try_to_push(refspecs, leases or {}, atomic=atomic)
        if error is not None:
            raise error

    async def try_to_push(
        self, refspecs: Sequence[str], leases: Mapping[str, str], *, atomic: bool = True
    ) -> GitFailed | None:
        """As `push`: None when it was done, else what that raises."""
        plain = ("--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--recurse-submodules=no")
        held = [f"--force-with-lease={ref}:{commit}" for ref, commit in leases.items()]
        asked = ("push", *plain, *(["--atomic"] if atomic else []), *held, "--", self._remote, *refspecs)
        what = f"push to {self._remote}"
        try:
            env = await self._call.over_the_network()
            done = await self._call.run(*asked, what=what, env=env, accept=_ANY_END)
        except GitFailed as error:
            return error
        if done.exit_code == 0:
            return None
        rejected = records.rejections(done.output)
        reasons = ", ".join(f"{one.ref} {one.why}" for one in rejected)
        words = f"git could not {what}" + (f": {self._call.redact(reasons)}" if reasons else "")
        return (GitRefused if rejected else GitFailed)(words, detail=self._call.last_words(done))

    async def _fetch(self, tags: str, refspec: str, accept: frozenset[int] = frozenset({0})) -> tuple[str, ...]:
        """Git's last lines when it ended with anything but 0."""
        still = ("--no-prune", "--no-prune-tags", "--no-recurse-submodules", "--no-auto-maintenance")
        asked = ("fetch", tags, *still, "--no-write-fetch-head", "--refmap=", "--", self._remote, refspec)
        env = await self._call.over_the_network()
        what = f"fetch from {self._remote}"
        done = await self._call.run(*asked, what=what, env=env, accept=accept, next_step=self._look())
        return () if done.exit_code == 0 else (done.tail or ("no reason given",))

    async def _clashing_tags(self) -> tuple[str, ...]:
        listed = await self._call.run("show-ref", "--tags", what="list tags", accept=_ANY_END)
        here, there = records.refs(listed.output), await self._ls_remote("--tags", "--refs")
        clashing = (ref for ref, value in here.items() if there.get(ref, value) != value)
        return tuple(ref.removeprefix("refs/tags/") for ref in clashing)

    async def _ls_remote(self, *options: str, patterns: Sequence[str] = ()) -> dict[str, str]:
        asked = ("ls-remote", *options, "--", self._remote, *patterns)
        env = await self._call.over_the_network()
        what = f"ask {self._remote} for its refs"
        done = await self._call.run(*asked, what=what, env=env, next_step=self._look())
        return records.refs(done.output)

    def _look(self) -> str:
        """The command that shows whether the remote can be reached."""
        return f"git ls-remote {self._remote}"
