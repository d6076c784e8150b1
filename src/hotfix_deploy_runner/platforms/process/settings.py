"""What `[environments.<env>.<name>]` may say for a process platform, read strictly."""

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from ...core.instant import Seconds, duration
from ...doors.install import Setup
from ...errors import UsageError

Table = TypeVar("Table", bound=msgspec.Struct)


class ProcessSettings(msgspec.Struct, frozen=True):
    """One fleet of processes on this machine. Times are in seconds here, durations (`10s`) in the file.

    `ports` is a pool, `9101-9106`, `9101,9103` or a list of numbers; with more ports than instances a new process
    starts beside the one it replaces, else in its place. `start` is a line for `sh`, run in the release's tree.
    `ready` and `health` are paths that answer 2xx; `ready` defaults to `health`. `drain` is the time between leaving
    the list of endpoints and TERM, `grace` from TERM to KILL, `start_limit` how long a new process may take to be
    ready, `probe_limit` how long one probe waits. `root` is the directory of the platform's state. `publish` is a
    command run whenever the endpoints change. `env` is added to each instance's environment.
    """

    start: str
    ports: str | tuple[int, ...]
    instances: int = 1
    health: str = "/healthz"
    ready: str = ""
    drain: Seconds = 0.5
    grace: Seconds = 10.0
    start_limit: Seconds = 60.0
    probe_limit: Seconds = 1.0
    root: str = ""
    publish: str = ""
    env: dict[str, str] = {}
    setup: Setup = Setup()

    @property
    def pool(self) -> tuple[int, ...]:
        """The ports, ascending, each once."""
        return _pool(self.ports)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that have to answer 2xx before an instance is ready."""
        return tuple(dict.fromkeys([self.ready or self.health, self.health]))


def read_settings(table: Mapping[str, Any], where: str) -> ProcessSettings:
    """The settings in `table`; `where` (`environments.staging.web`) is its place in the file.

    Raises `UsageError` naming every key that is unknown, missing or has a bad value.
    """
    settings = _read(ProcessSettings, table, where)
    problems = _problems(settings, where)
    if problems:
        raise _wrong(problems)
    return settings


def _read(kind: type[Table], table: Mapping[str, Any], where: str) -> Table:
    fields = {f.name: f for f in msgspec.structs.fields(kind)}
    problems = [f"{where}.{key}: {_unknown(key, list(fields))}" for key in table if key not in fields]
    problems += [f"{where}.{name}: missing" for name, f in fields.items() if f.required and name not in table]
    values: dict[str, Any] = {}
    for name in [n for n in fields if n in table]:
        try:
            values[name] = _value(fields[name].type, table[name], f"{where}.{name}")
        except UsageError as error:
            problems += error.detail.splitlines()
        except (msgspec.ValidationError, ValueError) as error:
            problems.append(f"{where}.{name}: {error}")
    if problems:
        raise _wrong(problems)
    return kind(**values)


def _value(kind: Any, value: Any, where: str) -> Any:
    """`value` as a field of type `kind`: numbers of seconds are durations, tables are read key by key."""
    if kind is float:
        return duration(value)
    if kind is Setup and not isinstance(value, Setup):
        return _read(Setup, msgspec.convert(value, dict[str, Any]), where)
    return msgspec.convert(value, kind)


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"unknown key; did you mean `{near[0]}`?" if near else f"unknown key; known are {', '.join(sorted(known))}"


def _problems(settings: ProcessSettings, where: str) -> list[str]:
    """What the types cannot say."""
    found: list[str] = []
    if not settings.start.strip():
        found.append(f"{where}.start: empty")
    if settings.instances < 1:
        found.append(f"{where}.instances: {settings.instances} is less than 1")
    found += [
        f"{where}.{name}: {path!r} does not begin with /"
        for name, path in (("health", settings.health), ("ready", settings.ready))
        if not path.startswith("/") and (path or name == "health")
    ]
    try:
        count = len(settings.pool)
    except ValueError as error:
        return [*found, f"{where}.ports: {error}"]
    if count < settings.instances:
        found.append(f"{where}.ports: {count} ports are too few for {settings.instances} instances")
    return found


def _pool(value: str | tuple[int, ...]) -> tuple[int, ...]:
    text = value if isinstance(value, str) else ",".join(map(str, value))
    ports: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdecimal() or not (last or first).isdecimal():
            raise ValueError(f"{text!r} is not a list of ports such as 9101-9106 or 9101,9103")
        span = range(int(first), int(last or first) + 1)
        if not span or span[0] < 1 or span[-1] > 65_535:
            raise ValueError(f"{part.strip()!r} is not a range of ports between 1 and 65535")
        ports.update(span)
    return tuple(sorted(ports))


def _wrong(problems: list[str]) -> UsageError:
    return UsageError(problems[0], detail="\n".join(problems), next_step="hotfix-deploy-runner config show")
