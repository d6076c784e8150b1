"""What is true before anything is done: what runs, what the branch is, what it will be called."""

import shlex
from collections.abc import Collection, Iterator, Sequence

import msgspec

from ..core.facts import Environment, Facts, Found, Request
from ..core.revision import UNKNOWN, Revision
from ..core.version import TagFormat, Version, next_candidate, next_patch
from ..doors.git import Git
from ..doors.together import together
from ..errors import CheckFailed, UsageError
from ..journal.store import Store
from .as_found import each_runs, mixed, most_common, most_run, revisions_of, running_artifact
from .base import Bases, again
from .destination import Destinations, first_command, make_tag
from .known_good import irreversible_in
from .tag import BEFORE, ROLLED_BACK
from .work import Platforms

OFFLINE = "OFFLINE: the remote is left out; nobody else is kept out but by the platform, and tags and events are owed"


class Discovery:
    """Looks at git and at the platforms. It changes nothing but remote-tracking refs, which it fetches."""

    def __init__(self, git: Git, platforms: Platforms, tags: TagFormat, store: Store) -> None:
        self._git, self._platforms, self._tags = git, platforms, tags
        self._store, self._bases, self._destinations = store, Bases(git, tags), Destinations(git, store)

    async def fleets(self, environment: Environment) -> tuple[Found, ...]:
        """Every platform of an environment with its fleet, in order. Raises `UsageError` for an unknown environment."""
        names = [name for place, name in self._platforms if place == environment]
        if not names:
            known = ", ".join(dict.fromkeys(place for place, _ in self._platforms)) or "none"
            raise UsageError(
                f"there is no environment {environment}",
                detail=f"configured: {known}",
                next_step=f"describe it in hotfix.toml: [environments.{environment}.NAME]",
            )
        platforms = [self._platforms[environment, name] for name in names]
        fleets = await together(*(platform.fleet() for platform in platforms))
        return tuple(
            Found(name, platform.noun, fleet) for name, platform, fleet in zip(names, platforms, fleets, strict=True)
        )

    async def for_deploy(self, request: Request, environments: Sequence[Environment], rest: Facts) -> Facts:
        """The facts of a deploy of `request.branch`; the base is what production runs, also when staging is the target.

        `environments` are those that the run may touch. `rest` brings what does not have to be looked for.

        Raises `CheckFailed` when the branch or the base cannot be told, or production runs several versions.
        """
        clashing, found = await together(self._fetched(request), self._all(environments))
        base_of = "production" if request.target == "staging" else request.target
        there = found.get(base_of) or await self.fleets(base_of)
        if not revisions_of(there):
            raise await self._nothing_runs(base_of)
        old = self._running(base_of, there, request)
        base = await self._bases.find(old, base_of, request)
        commit = await self._pin(request)
        here, (away, rolled_back) = await together(self._git.tags(), self._away(request))
        taken = self._tags.versions({**here, **away})
        version = next_patch(base.follows, taken)
        remarks = [OFFLINE] if request.offline else []
        remarks += [f"the tag {tag} is not the remote's; left as it is" for tag in clashing]
        remarks += self._newest_differs(old, taken, {ref.removeprefix(ROLLED_BACK) for ref in rolled_back})
        if several := mixed(there):
            remarks.append(f"{base_of} runs {several}; a way back brings all of it to {old.version}")
        return msgspec.structs.replace(
            rest,
            old=old,
            old_from=base.said_by,
            base=base.commit,
            before=BEFORE + self._tags.tag(version) if base.said_by == "base" and request.target == base_of else "",
            commit=commit,
            mixed=several,
            version=self._tags.tag(version),
            candidate=self._tags.tag(next_candidate(version, taken)),
            environments=found,
            remarks=tuple(remarks),
        )

    async def for_rollback(self, request: Request, rest: Facts) -> Facts:
        """The facts of a rollback that was asked for, to `request.version` or else to the last good one.

        Raises `UsageError` for a version that is not known to have been good there, unless it is forced; and for a
        first deployment where something runs.
        """
        found = {request.target: await self.fleets(request.target)}
        wanted = await self._destinations.find(request, found[request.target])
        old = most_common(found[request.target], other_than=wanted.version)
        base, old_from = await self._bases.stated(old)
        return msgspec.structs.replace(
            rest,
            old=old,
            old_from=old_from,
            base=base,
            commit=wanted.commit,
            version=wanted.version,
            artifact=running_artifact(wanted.version, found[request.target]) or wanted.artifact,
            mixed=mixed(found[request.target]),
            environments=found,
            remarks=tuple(self._migrated(request.target, old, wanted.version)),
        )

    async def _all(self, environments: Sequence[Environment]) -> dict[Environment, tuple[Found, ...]]:
        return {environment: await self.fleets(environment) for environment in environments}

    def _migrated(self, target: Environment, old: Revision, version: str) -> Iterator[str]:
        """A warning, where what runs has brought a migration that cannot be taken back."""
        if paths := irreversible_in(self._store, target, old.version):
            brought = f"{old.version} brought migrations that cannot be taken back: {', '.join(paths)}"
            yield f"{brought}; {version} may not work with the database"

    async def _nothing_runs(self, target: Environment) -> CheckFailed:
        """What is to be done where there is nothing to start from and nothing to go back to."""
        tags = self._tags.versions({**await self._git.tags(), **await self._git.remote_tags()})
        final = [self._tags.tag(version) for version in tags if version.is_final]
        new = self._tags.tag(Version(0, 1, 0))
        then = first_command(final[-1] if final else new, target)
        return CheckFailed(
            f"nothing runs on {target} yet: there is no version for a hotfix to start from, and none to go back to",
            detail="" if final else f"and no version is tagged in the format {self._tags.pattern}",
            next_step=then if final else f"{make_tag(new)}; then {then}",
        )

    async def _fetched(self, request: Request) -> tuple[str, ...]:
        """What the remote has, here too; the tags that differ."""
        return () if request.offline else await self._git.fetch()

    async def _away(self, request: Request) -> tuple[dict[str, str], dict[str, str]]:
        """The remote's tags, and its marks of versions that were rolled back; without it, the marks that are here."""
        if request.offline:
            return {}, await self._git.local_refs(ROLLED_BACK)
        return await together(self._git.remote_tags(), self._git.remote_refs(ROLLED_BACK))

    async def _pin(self, request: Request) -> str:
        """The branch's commit, once and for all: here, else on the remote."""
        branch = request.branch
        if not await self._git.valid_branch_name(branch):
            raise UsageError(f"{branch!r} is no branch name")
        commit = await self._git.branch(branch)
        if commit is None and not request.offline:
            commit = await self._git.remote_branch(branch)
        if commit is None:
            raise CheckFailed(
                f"Branch {branch} exists neither here nor on the remote",
                next_step=f"git push -u origin {shlex.quote(branch)}, from the clone that has it",
            )
        return commit

    def _running(self, target: Environment, found: Sequence[Found], request: Request) -> Revision:
        """What the target runs: of several, where that is accepted, what most instances run, of these the newest.

        One that says nothing of itself is let through where the operator names the base.
        """
        old = most_run(found, self._tags)
        if mixed(found) and not request.accept_mixed:
            one = f"rollback-deploy-auto --version {old.version} --target {target}"
            raise CheckFailed(
                f"{target} runs several versions: {', '.join(sorted({r.version for r in revisions_of(found)}))}",
                detail="\n".join(each_runs(found)),
                next_step=f"bring it to one: {one}; or the same command with --accept-mixed",
            )
        if old.version == UNKNOWN.version and not request.base:
            raise CheckFailed(
                f"nothing on {target} says which version it runs", next_step=again(request, "COMMIT_OR_TAG")
            )
        return old

    def _newest_differs(self, old: Revision, taken: Sequence[Version], rolled_back: Collection[str]) -> list[str]:
        """What runs wins over what the tags say, those `rolled_back` left out; the difference is worth a word."""
        final = [tag for version in taken if version.is_final and (tag := self._tags.tag(version)) not in rolled_back]
        if not final or final[-1] == old.version:
            return []
        return [f"the newest version tag is {final[-1]}; production runs {old.version}, and the hotfix starts there"]
