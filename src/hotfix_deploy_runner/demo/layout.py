"""Where everything of a demo lies: one folder, and nothing outside it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The paths under `folder`, an absolute directory. Asking for a path makes nothing."""

    folder: Path

    @property
    def origin(self) -> Path:
        """The bare repository that the team shares."""
        return self.folder / "origin.git"

    @property
    def clone(self) -> Path:
        """The operator's checkout of it."""
        return self.folder / "accounts"

    @property
    def customers(self) -> Path:
        """The names and the password that the service and the traffic know, as JSON."""
        return self.clone / "service" / "customers.json"

    @property
    def traffic_log(self) -> Path:
        """One JSON line for each request of the traffic."""
        return self.folder / "traffic.jsonl"

    def root(self, environment: str) -> Path:
        """The process platform's directory for `environment`."""
        return self.folder / environment

    def serving(self, environment: str) -> Path:
        """The endpoints that take traffic there, written by the platform."""
        return self.root(environment) / "serving.json"
