"""A clone of a team that shares what is in memory: the project is real, with a journal and locks of its own."""

from pathlib import Path
from typing import Any

from tests.fakes.commons import FakeCommons

from hotfix_deploy_runner.wiring.project import Project


class Clone:
    """A project with a home of its own, whose team shares what is in memory."""

    def __init__(self, project: Project, home: Path, commons: FakeCommons) -> None:
        project.home = home
        project.commons = self._team  # type: ignore[method-assign]
        project.let_commons_go = commons.aclose  # type: ignore[method-assign]
        self.project, self.commons, self.alone = project, commons, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.project, name)

    async def _team(self) -> FakeCommons | None:
        return None if self.alone else self.commons

    @property
    def states(self) -> dict[str, tuple[str, str]]:
        """Of the team's locks: what each is, and by whom."""
        return {one: (record.state, record.run) for one, record in self.commons.shared.locks.items()}

    def here(self, environment: str) -> tuple[str, str] | None:
        """The same of this machine's lock."""
        holder = self.project.locks.holder(environment)
        return None if holder is None else (holder.state, holder.run)
