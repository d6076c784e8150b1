"""What the customers do: seeded requests and errors by the second, and what a metrics source reads of them."""

import math
import zlib

import msgspec
import numpy as np
from numpy.typing import NDArray

from hotfix_deploy_runner.core.policy import Watching

from .cells import END, MINUTE_6, RECORD, ROLLOUT, Cell

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
INTERVAL = int(Watching().interval)
OLD_PODS = 2
"""Beside one new instance: the first batch of three."""

BLIP_RATE, BLIP_LENGTH, AGAIN = 0.5, 2, 0.5
EDGES = (0.05, 0.1, 0.25, 0.5, 1.0, math.inf)
MEDIAN, SPREAD = 0.06, 0.507
"""A log-normal latency whose 99th percentile is 195 ms."""


class Side(msgspec.Struct, frozen=True):
    """One version's requests and errors: windows by seconds, or windows by readings."""

    requests: Ints
    errors: Ints


class Streams(msgspec.Struct, frozen=True):
    """Both versions by the second, from `-RECORD` to `END`; the old one goes on beside the new for those who compare.

    `onset` is the second from which the new version is as the cell says, for each window.
    """

    new: Side
    old: Side
    onset: Ints


class Readings(msgspec.Struct, frozen=True):
    """What a source read: windows by readings. `ends` in seconds; the first reading begins at `starts`.

    The old side is empty once the old version has gone. The histograms are windows by readings by buckets, or None.
    """

    starts: Ints
    ends: Ints
    new: Side
    old: Side
    new_latency: Ints | None = None
    old_latency: Ints | None = None


def generator(cell: Cell, salt: str = "") -> np.random.Generator:
    """The cell's own, so that a cell does not depend on which others are run."""
    return np.random.default_rng(zlib.crc32((cell.name + salt).encode()))


def streams(cell: Cell, windows: int) -> Streams:
    """The cell's requests and errors by the second."""
    rng = generator(cell)
    seconds = np.arange(-RECORD, END)
    shape = (windows, seconds.size)
    onset = rng.integers(*MINUTE_6, windows) if cell.late else np.zeros(windows, np.int64)
    new_rate = np.where(seconds >= onset[:, None], cell.new, cell.old)
    old_rate = np.full(shape, cell.old)
    if cell.blip:
        first = rng.integers(*((5, ROLLOUT - 5) if cell.blip == "shared" else (ROLLOUT, END - 5)), windows)[:, None]
        blip = (seconds >= first) & (seconds < first + BLIP_LENGTH)
        new_rate = np.where(blip, BLIP_RATE, new_rate)
        old_rate = np.where(blip & (cell.blip == "shared"), BLIP_RATE, old_rate)
    new = _side(cell, new_rate, rng)
    served = seconds >= 0
    old = _side(cell, old_rate, rng, pods=OLD_PODS)
    return Streams(Side(new.requests * served, new.errors * served), old, onset)


def _side(cell: Cell, rate: Floats, rng: np.random.Generator, pods: int = 1) -> Side:
    requests = rng.poisson(pods * cell.traffic, rate.shape)
    if cell.bursts:
        spread = 1 / cell.bursts - 1
        rate = rng.beta(rate * spread, (1 - rate) * spread)
    errors = rng.binomial(requests, rate)
    if cell.retries:
        again = np.zeros_like(errors)
        np.copyto(again, rng.negative_binomial(np.maximum(errors, 1), 1 - AGAIN), where=errors > 0)
        # A retry that succeeds is one more request as well.
        requests, errors = requests + again + errors, errors + again
    return Side(requests, errors)


def readings(cell: Cell, all_: Streams) -> Readings:
    """What the runner's source reads every two seconds, at a phase of its own in each window."""
    rng = generator(cell, "readings")
    windows = all_.onset.size
    phase = rng.integers(0, INTERVAL, windows)[:, None]
    ends = np.arange(-RECORD + INTERVAL, END + 1 - INTERVAL + 1, INTERVAL)[None, :] + phase
    if cell.gaps:
        # A reading that is missing is in the next one; only whole windows of missing ones would be blindness.
        kept = rng.random(ends.shape) > 1 / 3
        ends = np.maximum.accumulate(np.where(kept, ends, phase - RECORD), axis=1)
    starts = phase - RECORD
    known = (ends // cell.lag) * cell.lag
    gone = np.arange(-RECORD, END) >= ROLLOUT
    old = Side(np.where(gone, 0, all_.old.requests), np.where(gone, 0, all_.old.errors))
    new_read, old_read = (_read(side, (starts // cell.lag) * cell.lag, known) for side in (all_.new, old))
    if cell.slower is None:
        return Readings(starts, ends, new_read, old_read)
    return Readings(
        starts,
        ends,
        new_read,
        old_read,
        rng.multinomial(new_read.requests, bucket_chances(cell.slower)),
        rng.multinomial(old_read.requests, bucket_chances(1.0)),
    )


def _read(side: Side, start: Ints, ends: Ints) -> Side:
    edges = np.concatenate((np.broadcast_to(start, (ends.shape[0], 1)), ends), axis=1) + RECORD
    edges = np.maximum(edges, 0)
    parts = (
        np.diff(np.take_along_axis(_cumulated(count), edges, axis=1), axis=1) for count in (side.requests, side.errors)
    )
    return Side(*parts)


def _cumulated(counts: Ints) -> Ints:
    return np.concatenate((np.zeros((counts.shape[0], 1), np.int64), np.cumsum(counts, axis=1)), axis=1)


def running(counts: Ints) -> Ints:
    """For each window, what it had counted from second 0 until each second up to `END`."""
    return _cumulated(counts[:, RECORD:])


def bucket_chances(slower: float) -> list[float]:
    """The chances of each bucket of `EDGES` when answers take `slower` times as long."""
    cumulated = [
        0.5 * (1 + math.erf(math.log(edge / (MEDIAN * slower)) / SPREAD / math.sqrt(2))) for edge in EDGES[:-1]
    ]
    return [high - low for low, high in zip((0.0, *cumulated), (*cumulated, 1.0), strict=True)]
