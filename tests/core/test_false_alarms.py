"""Whole releases in simulation, seeded: good ones are kept, bad ones are rolled back. A window of two minutes."""

import random
from collections import Counter

import pytest
from tests.fakes.release import Group, Story

from hotfix_deploy_runner.core.policy import Watching
from hotfix_deploy_runner.core.verdict import Kind

RELEASES = 40
STAGES = ((0, 15), (1, 5), (2, 5))
"""Readings with this many new instances of four, until all are new."""

LIMITS = Watching(window=120.0)


def group(instances: int, rate: float, random_: random.Random) -> Group:
    """A reading's requests and errors, 25 requests an instance."""
    return [(25, sum(random_.random() < rate for _ in range(25))) for _ in range(instances)]


def bursty(rate: float, correlation: float, random_: random.Random) -> float:
    """This reading's own error rate: beta-distributed around `rate`, so that errors come in bursts."""
    if not correlation:
        return rate
    spread = 1 / correlation - 1
    return random_.betavariate(rate * spread, (1 - rate) * spread)


def release(new: float, old: float, random_: random.Random, correlation: float = 0.0) -> Kind:
    """The verdict on one release whose error rates are `new` and `old`."""
    story = Story.begin(LIMITS)
    for count, readings in STAGES:
        for _ in range(readings):
            ours, theirs = (bursty(rate, correlation, random_) for rate in (new, old))
            story = story.then(group(count, ours, random_), group(4 - count, theirs, random_))
            if (verdict := story.verdict()).kind is not Kind.PENDING:
                return verdict.kind
    story = story.rolled_out()
    while (verdict := story.verdict()).kind is Kind.PENDING:
        story = story.then(group(4, bursty(new, correlation, random_), random_))
    return verdict.kind


def verdicts(new: float, old: float, correlation: float = 0.0) -> Counter[Kind]:
    random_ = random.Random(3)
    return Counter(release(new, old, random_, correlation) for _ in range(RELEASES))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "correlation"), [(0.001, 0.0), (0.02, 0.0), (0.02, 0.05), (0.02, 0.2), (0.08, 0.0), (0.3, 0.0)]
)
def test_a_release_that_is_no_worse_is_kept(rate: float, correlation: float) -> None:
    """Quiet, noisy, bursty, and in the middle of an incident. At most 1 % of such are rolled back."""
    assert verdicts(rate, rate, correlation)[Kind.BREACHED] == 0


@pytest.mark.slow
@pytest.mark.parametrize(("new", "old"), [(1.0, 0.001), (0.5, 0.001), (0.2, 0.001), (0.1, 0.001), (0.3, 0.05)])
def test_a_release_that_is_worse_is_rolled_back(new: float, old: float) -> None:
    assert verdicts(new, old)[Kind.BREACHED] == RELEASES


@pytest.mark.slow
def test_an_incident_that_goes_on_is_not_the_release_s_fault() -> None:
    assert verdicts(0.3, 0.3)[Kind.NOT_WORSE] >= 0.9 * RELEASES
