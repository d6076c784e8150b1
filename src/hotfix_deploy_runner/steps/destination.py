"""What a rollback that was asked for goes to, and a first deployment: which revision, and whether it may."""

from collections.abc import Collection, Mapping, Sequence

from ..core.facts import Environment, Found, Request
from ..core.revision import Revision
from ..doors.git import Git
from ..errors import UsageError
from ..journal.store import RunRow, Store
from .as_found import each_runs, revisions_of
from .known_good import artifact_of, commit_of, known_good, named_before


class Destinations:
    """Finds the revision by git and the journal. It waits for no remote."""

    def __init__(self, git: Git, store: Store) -> None:
        self._git, self._store = git, store

    async def find(self, request: Request, found: Sequence[Found]) -> Revision:
        """The revision of `request.version`, or else of the last good one, for a target that runs `found`.

        Raises `UsageError` for a version that is nowhere, or is not known to have been good there and not forced; and
        for a first deployment where something runs.
        """
        runs = {revision.version for revision in revisions_of(found)}
        good = known_good(self._store, request.target)
        if request.first:
            _refuse_what_runs(request, found, runs, good)
        version = request.version or next((v for v in good if runs != {v}), "")
        if not version:
            raise UsageError(
                f"no version is known to have been good on {request.target}",
                next_step="name one: --version … --force" if runs else first_command("TAG", request.target),
            )
        before = named_before(self._store, request.target, version)
        wanted = before or await self._named(version, good)
        if not (before or version in good or version in runs or request.force):
            forced = f"rollback-deploy-auto --version {version} --target {request.target} --force"
            raise UsageError(
                f"{version} is not known to have been good on {request.target}",
                detail=_known(good),
                next_step=forced if runs else first_command(version, request.target),
            )
        return wanted

    async def _named(self, version: str, good: Mapping[str, RunRow]) -> Revision:
        """The revision that a version's tag means; one without a tag is known by the run that has seen it serve."""
        row = good.get(version)
        known = commit_of(self._store, row, version) if row is not None else ""
        commit = await self._git.resolve(f"refs/tags/{version}") or known
        if not commit:
            raise UsageError(
                f"there is no tag {version}",
                detail=_known(good),
                next_step=f"git fetch --tags, if it was made elsewhere; else {make_tag(version)}",
            )
        return Revision(version, commit, artifact_of(self._store, row, version) if row is not None else "")


def first_command(version: str, target: Environment) -> str:
    """The command that puts a version where nothing runs yet."""
    return f"hotfix-deploy-runner first --version {version} --target {target}"


def make_tag(name: str) -> str:
    """The commands that make a tag, here and for everybody."""
    return f"git tag -a {name} COMMIT && git push origin {name}"


def _refuse_what_runs(request: Request, found: Sequence[Found], runs: set[str], good: Collection[str]) -> None:
    """Nothing may be there but what is left of an attempt to put this very version there."""
    if not runs or (runs == {request.version} and request.version not in good):
        return
    there = f"rollback-deploy-auto --version {request.version} --target {request.target} --force"
    raise UsageError(
        f"{request.target} runs {', '.join(sorted(runs))} already: this is no first deployment",
        detail="\n".join(each_runs(found)),
        next_step=f"{there}, to have {request.version} there all the same",
    )


def _known(good: Collection[str]) -> str:
    return f"known good: {', '.join(good) or 'none'}"
