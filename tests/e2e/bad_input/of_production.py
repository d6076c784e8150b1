"""What goes wrong only where it counts."""

from contextlib import ExitStack

from tests.e2e.bad_input.case import After, Case, Typed
from tests.e2e.bad_input.world import OLD, World

LEFT = 1_000_000
LARGE = bytes(8_000_000)
"""Packs to nothing, unpacks to more than what is left."""


def silent_on_staging(world: World, undo: ExitStack) -> Typed:
    """It listens, and answers nobody."""
    everywhere = {"staging": {"web": {"env": {"PLACE": "production"}, "start_limit": "1s"}}}
    return Typed(world.deploying(world.branch({"mode": "silent"}), {"environments": everywhere}))


def silent_on_production(world: World, undo: ExitStack) -> Typed:
    limits = {"production": {"web": {"start_limit": "1s"}}}
    return Typed(world.deploying(world.branch({"mode": "silent"}), {"environments": limits}))


def ends_on_the_second(world: World, undo: ExitStack) -> Typed:
    """The first batch is healthy, and serves, when the next one fails."""
    return Typed(world.deploying(world.branch({"mode": "second"})))


def garbage_for_metrics(world: World, undo: ExitStack) -> Typed:
    settings = {
        "metrics": {"source": "scrape", "path": "/garbage"},
        "watch": {"blind_for": "3s"},
        "rollout": {"batches": ["100%"]},
    }
    return Typed(world.deploying(world.branch(), settings))


def full_disk(world: World, undo: ExitStack) -> Typed:
    branch = world.branch({"large": LARGE})
    undo.callback(world.disk.fill(leave=LEFT).unlink)
    return Typed(world.deploying(branch))


CASES = (
    Case("a service that never answers, on staging", silent_on_staging, "[FAIL] Process web-1 failed", 3),
    Case("a service that never answers, on production", silent_on_production, f"Production runs {OLD} again", 4),
    Case(
        "a service that ends at once, on production's second instance",
        ends_on_the_second,
        f"Production runs {OLD} again",
        4,
        After.RESTORED,
    ),
    Case("a metrics endpoint that returns garbage", garbage_for_metrics, "is live, but unobserved: ", 6, After.NEW),
    Case("a disk that is full while unpacking", full_disk, "No space left on device", 3),
)
