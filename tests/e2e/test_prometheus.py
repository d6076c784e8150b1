"""Whole runs that are judged by what a real Prometheus has scraped, and one that loses it on the way."""

from itertools import pairwise

import pytest
from tests.components import needs
from tests.e2e.place import BASE, DEPLOY, MakePlace, Place

from hotfix_deploy_runner.core.events import ReadingTaken, VerdictReached
from hotfix_deploy_runner.core.verdict import Kind

pytestmark = pytest.mark.slow
BORNE = {"HOTFIX_WATCH_BLIND_FOR": "3s"}


@pytest.fixture(autouse=True)
def installed() -> None:
    needs("prometheus")


def verdicts(world: Place) -> list[Kind]:
    return [event.verdict.kind for event in world.events() if isinstance(event, VerdictReached)]


def test_errors_are_seen_and_taken_back(place: MakePlace) -> None:
    world = place("errors", "prometheus")
    done = world.run(*DEPLOY)
    assert done.end() == 4, done.out + done.err
    assert world.serving() == [BASE] * 3
    assert verdicts(world) == [Kind.BREACHED]
    counted = [event.reading for event in world.events() if isinstance(event, ReadingTaken) and event.reading.samples]
    assert all(earlier.end <= later.start for earlier, later in pairwise(counted))


def test_without_prometheus_what_is_mixed_goes_back(place: MakePlace) -> None:
    world = place("good", "prometheus")
    done = world.start(*DEPLOY, env={**BORNE, "HOTFIX_ROLLOUT_MIN_HEALTHY": "6s"}).until(r"Process 1/3 healthy")
    world.processes.end(world.prometheus)
    assert done.end(90) == 4, done.out + done.err
    assert verdicts(world) == [Kind.BLIND]
    assert world.serving() == [BASE] * 3
