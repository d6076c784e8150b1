"""The limits and choices of a run, as plain values. Settings are made into these; the core knows no others."""

from typing import Literal

import msgspec

from .hooks import Hook
from .instant import Seconds


class FurtherLimit(msgspec.Struct, frozen=True):
    """From when on a further metric of the service is bad: its rate is over `limit`, a fraction, and worse than before.

    `parts` is how many values of a label it is judged by, at most; 1: it is not divided. `warn` only tells of it. What
    a new instance counts in its first `warm_up` seconds is left out: its caches are cold.
    """

    name: str
    limit: float
    on_breach: Literal["rollback", "warn"] = "rollback"
    parts: int = 1
    warm_up: Seconds = 0.0


class Watching(msgspec.Struct, frozen=True):
    """When a release is bad. Rates are fractions (0.05 is 5 %), not percent.

    `threshold` and `mode`: the error rate beyond which to roll back, absolute or as a multiple
    (`over_baseline`) of the baseline's. `alpha`: the chance, over the whole window, that a release no worse than
    its baseline is rolled back. `window`: watched seconds after the last new instance. `interval`: seconds between
    readings. `gate_wait`: how long a gate waits for a reading. `blind_for`: how long no readings are borne.
    `unhealthy_for`: how long a new instance may be unhealthy. `further`: the limits of further metrics, if any.
    """

    threshold: float = 0.05
    mode: Literal["absolute", "over-baseline"] = "absolute"
    over_baseline: float = 3.0
    alpha: float = 0.01
    p99_ratio: float = 2.0
    p99_floor: Seconds = 0.05
    window: Seconds = 600.0
    interval: Seconds = 2.0
    gate_wait: Seconds = 30.0
    blind_for: Seconds = 120.0
    unhealthy_for: Seconds = 10.0
    on_breach: Literal["rollback", "hold"] = "rollback"
    on_slow: Literal["warn", "rollback"] = "warn"
    further: tuple[FurtherLimit, ...] = ()


class Rolling(msgspec.Struct, frozen=True):
    """How a rollout advances. `batches` are counts (`1`) or shares of the instances (`10%`), cumulative."""

    batches: tuple[str, ...] = ("1", "10%", "50%", "100%")
    min_healthy: Seconds = 10.0
    healthy_deadline: Seconds = 300.0
    rollback_min_serving: float = 0.75
    drain_limit: Seconds = 30.0


class Policy(msgspec.Struct, frozen=True):
    """All of it. `merge_into` are the branches that the hotfix is merged back to.

    `migrates` says where a command of the runner's runs migrations: `staging`, `target`, or both. `on_interrupt` says
    what a signal leads to once the target is touched: nothing more is done, or the way back is ordered. `hooks` are
    those that there is a command for.
    """

    watching: Watching = Watching()
    rolling: Rolling = Rolling()
    merge_back: Literal["push", "off"] = "push"
    merge_into: tuple[str, ...] = ("main",)
    delete_branch: bool = True
    migrates: tuple[Literal["staging", "target"], ...] = ()
    on_interrupt: Literal["hold", "rollback"] = "hold"
    hooks: tuple[Hook, ...] = ()
