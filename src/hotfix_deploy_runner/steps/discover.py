"""What is true before anything is done: what runs, what the branch is, what it will be called."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import msgspec

from ..core.facts import Environment, Facts, Found, Request
from ..core.fleet import Fleet
from ..core.revision import UNKNOWN, Revision
from ..core.version import TagFormat, Version, next_candidate, next_patch
from ..doors.git import Git
from ..errors import CheckFailed, UsageError
from ..journal.store import Store
from .known_good import artifact_of, irreversible_in, known_good
from .tag import ROLLED_BACK
from .work import Platforms


class Discovery:
    """Looks at git and at the platforms. It changes nothing but remote-tracking refs, which it fetches."""

    def __init__(self, git: Git, platforms: Platforms, tags: TagFormat, store: Store) -> None:
        self._git, self._platforms, self._tags = git, platforms, tags
        self._store = store

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
        fleets = await asyncio.gather(*(platform.fleet() for platform in platforms))
        return tuple(
            Found(name, platform.noun, fleet) for name, platform, fleet in zip(names, platforms, fleets, strict=True)
        )

    async def for_deploy(self, request: Request, environments: Sequence[Environment], rest: Facts) -> Facts:
        """The facts of a deploy of `request.branch`; the base is what production runs, also when staging is the target.

        `environments` are those that the run may touch. `rest` brings what does not have to be looked for.

        Raises `CheckFailed` when the branch or the base cannot be told, or production runs several versions.
        """
        clashing, found = await asyncio.gather(self._git.fetch(), self._all(environments))
        base_of = "production" if request.target == "staging" else request.target
        old = self._running(base_of, found.get(base_of) or await self.fleets(base_of))
        base, old_from = await self._base(old)
        if not base:
            raise CheckFailed(f"{base_of} runs {old.version}, and neither it nor a tag says from which commit")
        commit = await self._pin(request.branch)
        here, there, rolled_back = await asyncio.gather(
            self._git.tags(), self._git.remote_tags(), self._git.remote_refs(ROLLED_BACK)
        )
        taken = self._tags.versions({**here, **there})
        running = self._tags.version(old.version)
        if running is None:
            raise CheckFailed(
                f"what {base_of} runs, {old.version}, is no version in the tag format {self._tags.pattern}"
            )
        version = next_patch(running, taken)
        remarks = [f"the tag {tag} is not the remote's; left as it is" for tag in clashing]
        remarks += self._newest_differs(old, taken, {ref.removeprefix(ROLLED_BACK) for ref in rolled_back})
        return msgspec.structs.replace(
            rest,
            old=old,
            old_from=old_from,
            base=base,
            commit=commit,
            version=self._tags.tag(version),
            candidate=self._tags.tag(next_candidate(version, taken)),
            environments=found,
            remarks=tuple(remarks),
        )

    async def for_rollback(self, request: Request, rest: Facts) -> Facts:
        """The facts of a rollback that was asked for, to `request.version` or else to the last good one.

        Raises `UsageError` for a version that is not known to have been good there, unless it is forced.
        """
        found = {request.target: await self.fleets(request.target)}
        runs = {revision.version for revision in _revisions(found[request.target])}
        good = known_good(self._store, request.target)
        version = request.version or next((v for v in good if runs != {v}), "")
        if not version:
            raise UsageError(
                f"no version is known to have been good on {request.target}", next_step="name one: --version … --force"
            )
        commit = await self._git.resolve(f"refs/tags/{version}")
        if commit is None:
            raise UsageError(
                f"there is no tag {version}",
                detail=f"known good: {', '.join(good) or 'none'}",
                next_step="git fetch --tags, if it was made elsewhere",
            )
        old = _most_common(found[request.target], other_than=version)
        base, old_from = await self._base(old)
        if version not in good and version not in runs and not request.force:
            raise UsageError(
                f"{version} is not known to have been good on {request.target}",
                detail=f"known good: {', '.join(good) or 'none'}",
                next_step=f"rollback-deploy-auto --version {version} --target {request.target} --force",
            )
        return msgspec.structs.replace(
            rest,
            old=old,
            old_from=old_from,
            base=base,
            commit=commit,
            version=version,
            artifact=_running_artifact(version, found[request.target])
            or (artifact_of(self._store, good[version], version) if version in good else ""),
            environments=found,
            remarks=tuple(self._migrated(request.target, old, version)),
        )

    async def _all(self, environments: Sequence[Environment]) -> dict[Environment, tuple[Found, ...]]:
        return {environment: await self.fleets(environment) for environment in environments}

    def _migrated(self, target: Environment, old: Revision, version: str) -> Iterator[str]:
        """A warning, where what runs has brought a migration that cannot be taken back."""
        if paths := irreversible_in(self._store, target, old.version):
            brought = f"{old.version} brought migrations that cannot be taken back: {', '.join(paths)}"
            yield f"{brought}; {version} may not work with the database"

    async def _pin(self, branch: str) -> str:
        """The branch's commit, once and for all: here, else on the remote."""
        if not await self._git.valid_branch_name(branch):
            raise UsageError(f"{branch!r} is no branch name")
        commit = await self._git.branch(branch) or await self._git.remote_branch(branch)
        if commit is None:
            raise CheckFailed(
                f"Branch {branch} exists neither here nor on the remote",
                next_step=f"git push -u origin {branch}, from the clone that has it",
            )
        return commit

    def _running(self, target: Environment, found: Sequence[Found]) -> Revision:
        """The one revision that the target runs."""
        revisions = _revisions(found)
        if not revisions:
            raise CheckFailed(
                f"nothing runs on {target} yet",
                next_step=f"put a version there: rollback-deploy-auto --version TAG --target {target} --force",
            )
        if len({revision.version for revision in revisions}) > 1:
            seen = ", ".join(sorted(f"{revision.version}" for revision in revisions))
            raise CheckFailed(
                f"{target} runs several versions: {seen}",
                next_step=f"bring it to one: rollback-deploy-auto --version TAG --target {target}",
            )
        old = revisions[0]
        if old == UNKNOWN:
            raise CheckFailed(f"nothing on {target} says which version it runs")
        return old

    async def _base(self, old: Revision) -> tuple[str, str]:
        """The commit of what runs, as the platform says it or by its tag; and which of the two says it."""
        tagged = await self._git.resolve(f"refs/tags/{old.version}")
        commit = old.commit or tagged or ""
        return commit, "tag" if commit == tagged else "commit"

    def _newest_differs(self, old: Revision, taken: Sequence[Version], rolled_back: Collection[str]) -> list[str]:
        """What runs wins over what the tags say, those `rolled_back` left out; the difference is worth a word."""
        final = [tag for version in taken if version.is_final and (tag := self._tags.tag(version)) not in rolled_back]
        if not final or final[-1] == old.version:
            return []
        return [f"the newest version tag is {final[-1]}; production runs {old.version}, and the hotfix starts there"]


def _revisions(found: Sequence[Found]) -> tuple[Revision, ...]:
    return tuple(dict.fromkeys(revision for f in found for revision in f.fleet.revisions))


def _most_common(found: Sequence[Found], other_than: str) -> Revision:
    """What most instances run; `other_than` that version (it is brought back where some run it), where any does."""
    every = [i.revision for f in found for i in f.fleet.instances]
    counts = Counter([revision for revision in every if revision.version != other_than] or every)
    return counts.most_common(1)[0][0] if counts else UNKNOWN


def _running_artifact(version: str, found: Sequence[Found]) -> str:
    """The artifact of instances that run `version` already, so that the rest get the very same."""
    fleets: list[Fleet] = [f.fleet for f in found]
    return next((i.revision.artifact for fleet in fleets for i in fleet.instances if i.revision.version == version), "")
