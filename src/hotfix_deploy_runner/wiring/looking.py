"""Production looked at without a run: what its metrics say while nothing is changed."""

import asyncio

from ..core.fleet import Fleet
from ..core.instant import Seconds
from ..core.normal import Normal, normal
from ..core.policy import Watching
from ..core.reading import Cursor, Reading
from ..errors import NoReading, UsageError
from ..ports import MetricsSource
from .project import Project


def normal_operation(project: Project, length: Seconds, limits: Watching) -> Normal:
    """Read production for `length` seconds, and hold it against `limits`. Changes nothing, and takes no lock.

    Raises `UsageError` where no metrics are configured, several versions serve, or nothing could be read.
    """
    return asyncio.run(_normal_operation(project, length, limits))


async def _normal_operation(project: Project, length: Seconds, limits: Watching) -> Normal:
    if project.metrics is None:
        raise UsageError(
            "no metrics source is configured", next_step='describe it as [metrics], with source = "scrape"'
        )
    try:
        version = _only(await _fleet(project))
        return normal(await _read(project, project.metrics, length, limits.interval), version, limits)
    finally:
        await project.http.aclose()


async def _read(project: Project, source: MetricsSource, length: Seconds, interval: Seconds) -> list[Reading]:
    """A reading an interval. The first, which has nothing before it, is empty."""
    readings: list[Reading] = []
    cursor: Cursor | None = None
    failed = ""
    loop = asyncio.get_running_loop()
    over = loop.time() + length
    while True:
        due = loop.time() + interval
        try:
            reading, cursor = await source.read(await _fleet(project), cursor)
            readings.append(reading)
        except NoReading as error:
            failed = error.message
        if loop.time() >= over:
            break
        await asyncio.sleep(max(0.0, min(due, over) - loop.time()))
    if not any(reading.samples for reading in readings):
        raise UsageError("production's metrics gave no reading", detail=failed, next_step="hotfix-deploy-runner doctor")
    return readings


async def _fleet(project: Project) -> Fleet:
    found = await project.discovery.fleets("production")
    return Fleet(tuple(instance for one in found for instance in one.fleet.instances))


def _only(fleet: Fleet) -> str:
    versions = sorted({revision.version for revision in fleet.revisions})
    if len(versions) != 1:
        raise UsageError(
            "production has to run one version alone", detail=f"it runs: {', '.join(versions) or 'nothing'}"
        )
    return versions[0]
