"""Counts of requests and errors from a CSV file, as readings: `time,revision,instance,requests,errors[,slow]`."""

import csv
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from ..core.instant import Instant, Seconds
from ..core.reading import Histogram, Reading, Sample
from ..errors import UsageError

COLUMNS = ("time", "revision", "instance", "requests", "errors")
SLOW = "slow"
EDGES = (0.001, 1.0, None)
"""Where a row says how many were slow, these are all that is known: the rest took no time to speak of, and they did."""


class Row(NamedTuple):
    """One instance's counts in the interval that ended at `at`."""

    at: Instant
    sample: Sample


def read_counts(path: Path, interval: Seconds) -> list[Reading]:
    """The readings of the file, in order of time: the rows of one time are one reading, since the time before.

    The first one is taken to be as long as the second, or `interval`. `time` is the end of what was counted, in seconds
    or as ISO 8601 (UTC where it names no zone). Counts are of the interval, no running totals. Raises `UsageError` with
    the file and the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(_rows(path, csv.reader(file)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read", detail=str(error)) from error
    if not rows:
        raise UsageError(f"{path} has no counts", detail=f"below its head, {','.join(COLUMNS)}")
    return list(_readings(rows, interval))


def _rows(path: Path, lines: Iterator[list[str]]) -> Iterator[Row]:
    head = [name.strip().lower() for name in next(lines, [])]
    if head not in ([*COLUMNS], [*COLUMNS, SLOW]):
        raise _wrong(
            path, 1, f"the first line has to be {','.join(COLUMNS)}, and ,{SLOW} at its end where that is known"
        )
    seen: set[tuple[Instant, str, str]] = set()
    last = None
    for number, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        try:
            row = _row(head, [cell.strip() for cell in cells])
        except ValueError as error:
            raise _wrong(path, number, str(error)) from error
        if last is not None and row.at < last:
            raise _wrong(path, number, "its time is before that of the line above")
        key = (row.at, row.sample.version, row.sample.instance)
        if key in seen:
            raise _wrong(path, number, f"{row.sample.instance} on {row.sample.version} has that time already")
        seen.add(key)
        last = row.at
        yield row


def _row(head: list[str], cells: list[str]) -> Row:
    if len(cells) != len(head):
        raise ValueError(f"{len(cells)} columns where the head has {len(head)}")
    given = dict(zip(head, cells, strict=True))
    for name in ("revision", "instance"):
        if not given[name]:
            raise ValueError(f"no {name}")
    requests, errors = _count("requests", given), _count("errors", given)
    slow = _count(SLOW, given) if SLOW in given else None
    for name, part in (("errors", errors), (SLOW, slow or 0)):
        if part > requests:
            raise ValueError(f"{part} {name} in {requests} requests")
    latency = None if slow is None else Histogram(EDGES, (requests - slow, 0, slow))
    incarnation = f"{given['revision']}/{given['instance']}"
    return Row(
        _time(given["time"]), Sample(given["instance"], incarnation, given["revision"], requests, errors, latency)
    )


def _count(name: str, given: dict[str, str]) -> int:
    text = given[name]
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{name} has to be a whole number, not {text!r}")
    return int(text)


def _time(text: str) -> Instant:
    try:
        at = float(text)
    except ValueError:
        at = _iso(text)
    if not 0 <= at < 1e11:
        raise ValueError(f"{text!r} is no time")
    return at


def _iso(text: str) -> Instant:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"time has to be seconds or ISO 8601, not {text!r}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _readings(rows: list[Row], interval: Seconds) -> Iterator[Reading]:
    groups = [(at, tuple(row.sample for row in of)) for at, of in itertools.groupby(rows, key=lambda row: row.at)]
    start = groups[0][0] - (groups[1][0] - groups[0][0] if len(groups) > 1 else interval)
    for at, samples in groups:
        yield Reading(start, at, samples)
        start = at


def _wrong(path: Path, line: int, what: str) -> UsageError:
    return UsageError(f"{path}, line {line}: {what}")
