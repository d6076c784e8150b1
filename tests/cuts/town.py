"""A team whose engineer reaches the remote through a network that can be cut."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.team import Team
from tests.remotes.transports import Remote, remote

ADA = "ada"


class CutTown(Team):
    """Ada works in the first clone, over `remote`; everybody else reaches the bare repository itself."""

    def __init__(self, folder: Path, served: Remote) -> None:
        super().__init__(folder)
        self.remote = served
        self.clones[ADA] = self.repository.clone

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), **self.remote.env}

    def _make_repository(self) -> None:
        super()._make_repository()
        self.repository.git("remote", "set-url", "origin", self.remote.url)


@contextmanager
def cut_town(transport: str, folder: Path) -> Iterator[CutTown]:
    """A new one over `ssh` or `http`."""
    folder.mkdir(parents=True)
    with remote(transport, folder) as served, CutTown(folder, served) as town:
        yield town
