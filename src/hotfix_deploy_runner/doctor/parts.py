"""The parts of a run that are configured: setup, build, checks, metrics, channels."""

import asyncio
import time
from collections.abc import Mapping

from ..config.model import Settings
from ..core.check import Line, Status
from ..core.fleet import Fleet
from ..core.instant import Seconds
from ..core.reading import Reading
from ..doors.programs import is_missing
from ..errors import NoReading
from ..ports import Check, Examinable, MetricsSource, Notifier

PATIENCE: Seconds = 20.0
"""How long the second reading of the metrics is waited for: a server may scrape only every 15 s."""

PAUSE: Seconds = 0.5


def commands(settings: Settings) -> list[Line]:
    """The commands that are configured, by the programs that each needs; a start only when one is missing."""
    named = {
        "Setup": ("setup.command", settings.setup.command),
        "Build": ("build.command", str(settings.build.get("command", ""))),
        "Smoke tests": ("staging.smoke", settings.staging.smoke),
    }
    return [*(_command(name, key, command) for name, (key, command) in named.items()), *_starts(settings)]


def _starts(settings: Settings) -> list[Line]:
    """The start commands that need a program that is not here, a line each."""
    places = {
        f"environments.{environment}.{name}.start": str(table.get("start", ""))
        for environment, tables in settings.environments.items()
        for name, table in tables.items()
    }
    return [_command("Start", key, command) for key, command in places.items() if is_missing(command)]


def _command(name: str, key: str, command: str) -> Line:
    if not command:
        if key == "staging.smoke":
            return Line(
                Status.WARN, "Smoke tests: none are configured", (f"set {key}: without them staging proves little",)
            )
        return Line(Status.SKIP, f"{name}: none is configured ({key})")
    if program := is_missing(command):
        return Line(Status.FAIL, f"{name}: {program} is not on the PATH", (f"install it, or change {key}",))
    return Line(Status.OK, f"{name}: configured")


async def checks(configured: Mapping[str, Check]) -> list[Line]:
    """What the pre-flight checks say of themselves, those that can."""
    return [line for check in configured.values() if isinstance(check, Examinable) for line in await check.examine()]


async def metrics(source: MetricsSource | None, fleet: Fleet, target: str) -> list[Line]:
    """Whether what runs on the target can be read, and has what is asked for."""
    if source is None:
        how = "set [metrics]: without readings a release is never validated, and a run ends with 6"
        return [Line(Status.WARN, "Metrics: none are configured", (how,))]
    if not fleet.serving:
        return [Line(Status.SKIP, f"Metrics: not asked, as nothing is known to run on {target}")]
    own = [*await source.examine()] if isinstance(source, Examinable) else []
    if any(line.status is Status.FAIL for line in own):
        return own
    try:
        reading = await _two_readings(source, fleet)
    except NoReading as error:
        seen = error.detail.splitlines()[:3] or [error.message]
        detail = (*seen, "compare [metrics] with the page that an instance serves")
        return [*own, Line(Status.FAIL, "Metrics: no instance gives a reading", detail)]
    return [*own, *_read(reading, len(fleet.serving))]


async def _two_readings(source: MetricsSource, fleet: Fleet) -> Reading:
    """The second, which has samples; a source that measures at its own pace is waited for. Raises `NoReading`."""
    _, cursor = await source.read(fleet, None)
    deadline = time.monotonic() + PATIENCE
    while True:
        reading, cursor = await source.read(fleet, cursor)
        if reading.samples or time.monotonic() > deadline:
            return reading
        await asyncio.sleep(PAUSE)


def _read(reading: Reading, serving: int) -> list[Line]:
    silent = [f"{name}: {why}" for name, why in reading.silent.items()]
    found = [Line(Status.OK, f"Metrics: {len(reading.samples)} of {serving} instances are read")]
    if silent:
        found = [Line(Status.WARN, f"Metrics: {len(silent)} of {serving} instances give no reading", tuple(silent[:3]))]
    if reading.samples and all(sample.latency is None for sample in reading.samples):
        how = "set metrics.duration to the name of its histogram, in seconds; without it p99 is not judged"
        found.append(Line(Status.WARN, "Metrics: no latency is on the page", (how,)))
    unread = {name: f"{sample.instance}: {why}" for sample in reading.samples for name, why in sample.unread.items()}
    return [*found, *(Line(Status.WARN, f"Metrics: {name} is not read", (why,)) for name, why in unread.items())]


def channels(ready: Mapping[str, Notifier], not_ready: Mapping[str, str]) -> list[Line]:
    """Who is told, and who is not for want of something."""
    found = [Line(Status.OK, f"{name} is configured") for name in ready]
    found += [Line(Status.SKIP, f"{name} is not told", (how,)) for name, how in not_ready.items()]
    return found or [Line(Status.WARN, "Nobody is told", ("set notify, or --notify",))]
