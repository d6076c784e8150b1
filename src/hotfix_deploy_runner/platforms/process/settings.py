"""What `[environments.<env>.<name>]` may say for a process platform."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from ...settings import Duration, SetupTable, Table


def _pool(value: Any) -> tuple[int, ...]:
    """The ports, ascending, each once. Raises `ValueError`."""
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    ports: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdecimal() or not (last or first).isdecimal():
            raise ValueError("not a list of ports such as 9101-9106 or 9101,9103")
        span = range(int(first), int(last or first) + 1)
        if not span or span[0] < 1 or span[-1] > 65_535:
            raise ValueError(f"{part.strip()} is not a range of ports between 1 and 65535")
        ports.update(span)
    return tuple(sorted(ports))


def _path(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError("does not begin with /")
    return path


Pool = Annotated[tuple[int, ...], BeforeValidator(_pool, json_schema_input_type=str | list[int])]
"""Ports; read from `9101-9106`, `9101,9103` or a list of numbers."""

UrlPath = Annotated[str, AfterValidator(_path)]
"""The path of a URL."""


class ProcessSettings(Table):
    """One fleet of processes on this machine."""

    start: str = Field(
        description="A line for `sh`, run in the release's tree; is told $PORT, $HOTFIX_VERSION and $HOTFIX_ENV.",
        pattern=r"\S",
    )
    instances: int = Field(1, description="How many processes serve.", ge=1, strict=True)
    ports: Pool = Field(
        description="Such as 9101-9106; with more ports than instances a new process starts beside the one it "
        "replaces, else in its place."
    )
    health: UrlPath = Field("/healthz", description="A path that answers 2xx while the instance is healthy.")
    ready: UrlPath | None = Field(
        None, description="A path that answers 2xx once it takes requests; default: `health`."
    )
    drain: Duration = Field(0.5, description="From leaving the list of endpoints to TERM.")
    grace: Duration = Field(10.0, description="From TERM to KILL.")
    start_limit: Duration = Field(60.0, description="How long a new process may take to be ready.", gt=0)
    probe_limit: Duration = Field(1.0, description="How long one probe waits for an answer.", gt=0)
    root: str = Field("", description="The directory of its state and releases; empty: one in the git directory.")
    publish: str = Field("", description="A command, run whenever the endpoints change; is told $HOTFIX_ENDPOINTS.")
    env: dict[str, str] = Field({}, description="Added to each instance's environment; no place for secrets.")
    setup: SetupTable = Field(SetupTable(), description="How a release gets its dependencies; default: `[setup]`.")

    @field_validator("ports")
    @classmethod
    def _are_enough(cls, ports: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        instances = info.data.get("instances", 1)
        if len(ports) < instances:
            raise ValueError(f"{len(ports)} ports are too few for {instances} instances")
        return ports

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that have to answer 2xx before an instance is ready."""
        return tuple(dict.fromkeys([self.ready or self.health, self.health]))
