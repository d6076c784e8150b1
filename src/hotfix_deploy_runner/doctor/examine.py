"""The whole examination, part by part."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import msgspec

from ..config.load import Loaded
from ..core.check import Line, Status
from ..core.instant import Seconds
from ..doors.command import Commands
from ..doors.git.inspection import Inspection
from ..doors.git.objects import Objects
from ..doors.repository import Repository
from ..errors import HotfixError
from ..ports import Redact
from ..wiring.commons import commons_of
from ..wiring.project import Project
from . import parts
from .environments import EnvironmentsExamination
from .kept import kept
from .repository import RepositoryExamination
from .team import TeamExamination

PATIENCE: Seconds = 60.0
"""How long one part may take: git over a slow network takes its time."""

TEAM_PATIENCE: Seconds = 20.0

Part = tuple[str, list[Line]]
"""A heading, and the lines under it."""


class Examination:
    """One look at a repository. `wrong` is what is wrong with its settings, where they cannot be read."""

    def __init__(
        self, repository: Repository, redact: Redact, loaded: Loaded, *, wrong: HotfixError | None = None
    ) -> None:
        self._repository, self._redact, self._loaded, self._wrong = repository, redact, loaded, wrong
        self._settings = loaded.settings
        self._git = Inspection(repository.top, Commands(redact), remote=self._settings.remote)
        self._project = Project(repository, loaded)

    async def parts(self) -> AsyncIterator[Part]:
        """Every part, as it is known. What depends on settings that are wrong is left out."""
        yield "Repository", await _within(RepositoryExamination(self._git, self._settings.remote).lines)
        yield "Settings", self._settings_lines()
        yield "Kept here", await _within(self._kept)
        if self._wrong is None:
            async for part in self._configured():
                yield part

    async def _configured(self) -> AsyncIterator[Part]:
        project, settings = self._project, self._settings
        yield "Checks", parts.commands(settings) + await _within(lambda: parts.checks(project.checks))
        try:
            seen = EnvironmentsExamination(project.platforms, self._needed(), self._git)
        except HotfixError as error:
            yield "Environments", [_failed(error)]
        else:
            yield "Environments", await _within(seen.lines)
            fleet = seen.serving(settings.target)
            yield "Metrics", await _within(lambda: parts.metrics(project.metrics, fleet, settings.target))
        yield "Team", await _within(self._team)
        yield "Channels", await _within(self._channels)

    def _needed(self) -> list[str]:
        """The environments that a run would touch, the target last."""
        target = self._settings.target
        return [target] if target == "staging" or self._settings.skip_staging else ["staging", target]

    def _settings_lines(self) -> list[Line]:
        if self._wrong is not None:
            return [_failed(self._wrong)]
        remarks = [Line(Status.WARN, remark) for remark in self._loaded.remarks]
        if self._loaded.path is None:
            return [Line(Status.FAIL, "There is no hotfix.toml", ("hotfix-deploy-runner init",)), *remarks]
        return [Line(Status.OK, f"{self._loaded.path.name} is valid"), *remarks]

    async def _kept(self) -> list[Line]:
        names = dict.fromkeys([*self._settings.environments, *self._needed()])
        return await asyncio.to_thread(kept, self._repository.home, names)

    async def _team(self) -> list[Line]:
        project, settings = self._project, self._settings
        git = Objects(self._repository.top, Commands(self._redact), remote=settings.remote, timeout=TEAM_PATIENCE)
        workplace = msgspec.structs.replace(project.workplace, children=None)
        commons = await commons_of(project.place, settings, workplace)
        try:
            return await TeamExamination(project.place, settings, git, commons).lines()
        finally:
            if commons is not None:
                await commons.aclose()

    async def _channels(self) -> list[Line]:
        return parts.channels(*self._project.channels())


async def _within(lines: Callable[[], Awaitable[Sequence[Line]]]) -> list[Line]:
    """The lines of one part; of one that breaks off or takes too long, that."""
    try:
        async with asyncio.timeout(PATIENCE):
            return [*await lines()]
    except TimeoutError:
        return [Line(Status.FAIL, f"No answer within {PATIENCE:g} s")]
    except HotfixError as error:
        return [_failed(error)]


def _failed(error: HotfixError) -> Line:
    return Line(Status.FAIL, error.message, tuple(filter(None, (*error.detail.splitlines(), error.next_step))))
