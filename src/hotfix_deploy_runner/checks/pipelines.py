"""The check `pipelines`: whether the repository's CI starts by itself on what this run pushes.

Tags and merges of this run can set off a second deployment of the same code. The files are read as each push will
show them: for a tag at the pinned commit, for a merge at the tip of its branch. What is set up on a server (a webhook,
Jenkins' own triggers) is not seen.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import yaml
from pydantic import Field

from ..core.check import Candidate, CheckResult, Line, Status
from ..core.phrases import at_most
from ..doors.git import Git
from ..ports import Commit, Settings, Workplace
from ..settings import Table, read_table, reads
from . import ci_github, ci_gitlab, ci_others
from .globs import Globs
from .pushes import Push, Start

_PLACES = (".github/workflows", ".gitlab-ci.yml", ".circleci/config.yml", "bitbucket-pipelines.yml")
_AZURE = ("azure-pipelines.yml", "azure-pipelines.yaml", ".azure-pipelines.yml")
_WORKFLOW = Globs([".github/workflows/*.yml", ".github/workflows/*.yaml"])
_SHOWN = 10

_Reader = Callable[[Any, Push], Iterable[Start]]


class PipelineSettings(Table):
    """`[checks.pipelines]`."""

    ignore: tuple[str, ...] = Field((), description="Files whose pipelines are known to be harmless; patterns.")


class PipelineCheck:
    """Passes when nothing in the repository starts by itself on this run's tags and merges; else it warns."""

    def __init__(self, settings: PipelineSettings, git: Git, remote: str) -> None:
        self._ignored = Globs(settings.ignore)
        self._git, self._remote = git, remote

    async def check(self, candidate: Candidate) -> CheckResult:
        """`found` has `starts`, in words. Raises `GitFailed` when the files cannot be read."""
        pushes = [*(Push("tag", tag) for tag in candidate.tags)]
        pushes += [Push("branch", branch, candidate.changed) for branch in candidate.merges]
        said: dict[str, None] = {}
        for push in pushes:
            for text in await self._starts(push, candidate):
                said[text] = None
        if not said:
            return CheckResult((Line(Status.OK, "Pipelines: nothing starts by itself"),), {"starts": []})
        line = Line(Status.WARN, "Pipelines: this run starts some by itself", at_most(_SHOWN, list(said)))
        return CheckResult((line,), {"starts": list(said)})

    async def _starts(self, push: Push, candidate: Candidate) -> Sequence[str]:
        commit = await self._seen_at(push, candidate)
        main = next(iter(candidate.merges), "main")
        found: list[str] = []
        for path in await self._git.paths(commit, *_PLACES, *_AZURE):
            reader = _reader(path, main)
            if reader is not None and not self._ignored.matches(path):
                found += _words(path, await self._git.content(commit, path), push, reader)
        return found

    async def _seen_at(self, push: Push, candidate: Candidate) -> Commit:
        """A merge shows the files of its branch, with the fix on top; where the fix changes them, the fix's."""
        changed = any(path.startswith((*_PLACES, *_AZURE)) for path in candidate.changed)
        if push.kind == "tag" or changed:
            return candidate.commit
        tip = await self._git.resolve(f"refs/remotes/{self._remote}/{push.name}") or await self._git.branch(push.name)
        return tip or candidate.commit


def _reader(path: str, main: str) -> _Reader | None:
    if _WORKFLOW.matches(path):
        return ci_github.starts
    if path in _AZURE:
        return ci_others.azure
    named: dict[str, _Reader] = {
        ".gitlab-ci.yml": lambda document, push: ci_gitlab.starts(document, push, main),
        ".circleci/config.yml": ci_others.circleci,
        "bitbucket-pipelines.yml": ci_others.bitbucket,
    }
    return named.get(path)


def _words(path: str, text: str, push: Push, reader: _Reader) -> Iterator[str]:
    """What `push` starts, in words; of a file that cannot be read, that it may."""
    try:
        started = list(reader(yaml.load(text, Loader=_Loader), push))
    except (yaml.YAMLError, RecursionError, AttributeError, TypeError, ValueError):
        yield f"{path}: cannot be read; it may start on {push}"
        return
    yield from (f"{path}: {start.what} starts on {push} ({start.why})" for start in started)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # it comes without types
    """YAML without what would make an object; a tag of the CI system's own (`!reference`) is read as nothing."""


_Loader.add_constructor(None, lambda loader, node: None)


@reads(PipelineSettings)
def make_check(settings: Settings, workplace: Workplace) -> PipelineCheck:
    """The check from its table, `[checks.pipelines]`. Raises `UsageError`."""
    table = read_table(PipelineSettings, settings, "checks.pipelines")
    git = Git.of(workplace)
    return PipelineCheck(table, git, workplace.remote)
