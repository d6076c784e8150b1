"""The check `scope`: a hotfix is small. Files, lines and what lies off its way are held against limits."""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from ..core.check import Candidate, CheckResult, Line, Status
from ..core.phrases import at_most, counted
from ..doors.git import Git, Size
from ..ports import Settings, Workplace
from ..settings import Table, read_table, reads
from .globs import Globs

_SHOWN = 10

LOCK_FILES = (
    *("**/package-lock.json", "**/npm-shrinkwrap.json", "**/yarn.lock", "**/pnpm-lock.yaml", "**/bun.lock*"),
    *("**/poetry.lock", "**/Pipfile.lock", "**/uv.lock", "**/pdm.lock", "**/requirements*.txt", "**/pylock*.toml"),
    *("**/Gemfile.lock", "**/Cargo.lock", "**/go.sum", "**/composer.lock", "**/mix.lock", "**/gradle.lockfile"),
)
CI = (
    *(".github/workflows/**", ".github/actions/**", "**/.gitlab-ci.yml", ".gitlab/ci/**", ".circleci/**"),
    *("bitbucket-pipelines.yml", "azure-pipelines.yml", "**/Jenkinsfile*", ".travis.yml", ".drone.yml", ".ci/**"),
)
INFRASTRUCTURE = (
    *("**/*.tf", "**/*.tfvars", "**/terraform/**", "**/ansible/**", "**/helm/**", "**/charts/**", "**/k8s/**"),
    *("**/kubernetes/**", "**/Dockerfile*", "**/*.dockerfile", "**/docker-compose*.y*ml", "**/compose.y*ml"),
    *("**/Chart.yaml", "**/kustomization.y*ml", "**/serverless.y*ml", "**/Pulumi*.yaml"),
)
SENSITIVE = {"lock file": Globs(LOCK_FILES), "CI": Globs(CI), "infrastructure": Globs(INFRASTRUCTURE)}
"""Paths that a hotfix seldom has to touch, by what they are."""


class ScopeSettings(Table):
    """`[checks.scope]`: how large a hotfix may be."""

    files: int = Field(20, description="How many files it may change.", ge=1)
    lines: int = Field(400, description="How many lines it may add and take away, together.", ge=1)
    sensitive: tuple[str, ...] = Field(
        (), description="More sensitive paths, beside lock files, CI and infrastructure; patterns."
    )
    over: Literal["warn", "fail"] = Field("warn", description="What too many files or lines lead to.")
    on_sensitive: Literal["warn", "fail"] = Field("warn", description="What a sensitive path leads to.")


class ScopeCheck:
    """Passes when the change from base to commit is within its limits and touches nothing sensitive."""

    def __init__(self, settings: ScopeSettings, git: Git) -> None:
        self._settings, self._git = settings, git
        self._sensitive = {**SENSITIVE, "sensitive": Globs(settings.sensitive)}

    async def check(self, candidate: Candidate) -> CheckResult:
        """One line. `found` has `files`, `lines`, and `sensitive`, the paths with what they are.

        Raises `GitFailed` when the two commits cannot be compared.
        """
        sizes = await self._git.sizes(candidate.base.commit, candidate.commit)
        lines = sum(size.added + size.deleted for size in sizes)
        sensitive = {size.path: what for size in sizes if (what := self._kind(size.path))}
        over = tuple(self._over(sizes, lines))
        detail = (*over, *at_most(_SHOWN, [f"{path} ({what})" for path, what in sensitive.items()]))
        line = Line(
            self._status(bool(over), bool(sensitive)),
            f"Scope: {counted(len(sizes), 'file')}, {counted(lines, 'line')}",
            detail,
        )
        return CheckResult((line,), {"files": len(sizes), "lines": lines, "sensitive": sensitive})

    def _kind(self, path: str) -> str:
        return next((what for what, globs in self._sensitive.items() if globs.matches(path)), "")

    def _over(self, sizes: Sequence[Size], lines: int) -> Iterator[str]:
        settings = self._settings
        if len(sizes) > settings.files:
            yield f"more than {counted(settings.files, 'file')} (checks.scope.files)"
        if lines > settings.lines:
            largest = max(sizes, key=lambda size: size.added + size.deleted)
            most = f"most in {largest.path}: {largest.added + largest.deleted}"
            yield f"more than {counted(settings.lines, 'line')} (checks.scope.lines); {most}"

    def _status(self, over: bool, sensitive: bool) -> Status:
        settings = self._settings
        if (over and settings.over == "fail") or (sensitive and settings.on_sensitive == "fail"):
            return Status.FAIL
        return Status.WARN if over or sensitive else Status.OK


@reads(ScopeSettings)
def make_check(settings: Settings, workplace: Workplace) -> ScopeCheck:
    """The check from its table, `[checks.scope]`. Raises `UsageError`."""
    table = read_table(ScopeSettings, settings, "checks.scope")
    return ScopeCheck(table, Git.of(workplace))
