"""The bytes that run: made once from the pinned commit, or found again for a rollback."""

from pathlib import Path

from ..core.run import Run
from ..core.step import Step
from ..doors.git import Git
from ..errors import CheckFailed
from ..ports import ArtifactBuilder
from .preflight import Trees
from .work import Outcome, Work, passed, warned


class Build:
    """Builds from a pristine worktree. `artifacts` is the store, a file a digest."""

    def __init__(self, git: Git, builder: ArtifactBuilder, trees: Trees, artifacts: Path) -> None:
        self._git, self._builder, self._trees, self._artifacts = git, builder, trees, artifacts

    async def build(self, step: Step, run: Run, work: Work) -> Outcome:
        """Build the pinned commit. The artifact knows no version: staging and production get the same one."""
        artifact = await self._builder.build(self._trees.pristine(run), run.facts.commit)
        size = f"{artifact.size / 1000:.0f} kB"
        text = f"Built from {run.facts.commit[:7]} ({artifact.digest[:19]}, {size})"
        return passed(text, artifact=artifact.digest, location=artifact.location, size=artifact.size)

    async def again(self, run: Run) -> None:
        """Have the artifact of `run` here, where another clone has built it. Needs its worktree.

        Raises `CheckFailed` when it does not come out the same: then it is not what staging has proven.
        """
        known = run.new.artifact
        if not known or self._has(known):
            return
        made = await self._builder.build(self._trees.pristine(run), run.facts.commit)
        if made.digest != known:
            raise CheckFailed(
                f"what {run.facts.commit[:7]} builds here is not what was proven on staging",
                detail=f"{made.digest[:19]} here, {known[:19]} there: a build that depends on more than its commit",
                next_step=f"hotfix-deploy-runner resume {run.id}, in the clone that built it; or abort {run.id}",
            )

    def _has(self, digest: str) -> bool:
        return (self._artifacts / f"{digest.removeprefix('sha256:')}.tar.gz").exists()

    async def artifact(self, step: Step, run: Run, work: Work) -> Outcome:
        """The artifact of the version to bring back: the very one that ran, else built anew from its tag, and said."""
        known = run.facts.artifact
        if known and self._has(known):
            return Outcome(found={"artifact": known})
        await self._git.add_worktree(self._trees.pristine(run), run.facts.commit)
        artifact = await self._builder.build(self._trees.pristine(run), run.facts.commit)
        found = {"artifact": artifact.digest, "location": artifact.location, "size": artifact.size}
        if known == artifact.digest or not known:
            return passed(f"Built {run.facts.version} from its tag ({artifact.digest[:19]})", **found)
        return warned(
            f"Built {run.facts.version} anew from its tag", "the artifact that ran is no longer in the store", **found
        )
