"""Rounds of contenders that all start at the same barrier, and what came of them. Processes are made once, for all."""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Barrier
from typing import NamedTuple

from tests.contend.contender import Lost, Maker

HELD = 7
"""The exit code of a run that finds its environment held."""

PATIENCE = 120.0
"""Seconds that a contender waits for the others: one of them has died, or hangs."""


class Attempt(NamedTuple):
    """How it went for one contender in one round. `failed` is the error, where it neither won nor lost."""

    name: str
    lost: Lost | None
    failed: str
    seconds: float

    @property
    def won(self) -> bool:
        """Whether it thinks that it has the environment."""
        return not self.failed and self.lost is None


@dataclass
class Score:
    """Of all rounds: how many had exactly one winner, how many not, and each loser that was not told who won."""

    contenders: int
    one: int = 0
    not_one: int = 0
    wrong: list[str] = field(default_factory=list)
    winning: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        median = statistics.median(self.winning) * 1000 if self.winning else float("nan")
        return (
            f"{self.contenders} contenders  {self.one + self.not_one} rounds  {self.one} with exactly one winner  "
            f"{self.not_one} with none or several  median {median:.0f} ms"
        )

    def add(self, attempts: Sequence[Attempt]) -> None:
        """Count a round."""
        winners = [attempt for attempt in attempts if attempt.won]
        self.wrong += [f"{attempt.name} failed: {attempt.failed}" for attempt in attempts if attempt.failed]
        if len(winners) != 1:
            self.not_one += 1
            return
        self.one += 1
        self.winning.append(winners[0].seconds)
        for name, lost, _, _ in attempts:
            if lost and (lost.code != HELD or winners[0].name not in lost.message):
                self.wrong.append(f"{winners[0].name} won, {name} would end with {lost.code} and say: {lost.message}")


def contend(make: Maker, contenders: int, rounds: int) -> Score:
    """Let so many processes try for the same environment, so many times. Raises `EOFError` when one of them dies."""
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(contenders)
    score = Score(contenders)
    with ExitStack() as stack:
        ends = []
        for number in range(contenders):
            ours, theirs = spawn.Pipe(duplex=False)
            process = spawn.Process(target=_live, args=(make, f"run-{number}", rounds, start, theirs), daemon=True)
            process.start()
            theirs.close()
            stack.callback(_end, process)
            ends.append(ours)
        for _ in range(rounds):
            score.add(_round(ends))
        for end in ends:
            end.close()
    return score


def _round(ends: "Sequence[Connection[None, Attempt]]") -> list[Attempt]:
    """What each says of it. From whichever speaks first: one that has died is the reason for the others' silence."""
    silent, attempts = set(ends), []
    while silent:
        for end in wait(list(silent)):
            assert isinstance(end, Connection)
            attempts.append(end.recv())
            silent.remove(end)
    return attempts


def _live(make: Maker, name: str, rounds: int, start: Barrier, tell: "Connection[Attempt, None]") -> None:
    """A contender's process: at the barrier, try; when all have tried, give back."""
    contender = make(name)
    for _ in range(rounds):
        start.wait(PATIENCE)
        begun = time.perf_counter()
        lost: list[Lost | None] = []
        failed = _attempt(lambda: lost.append(contender.acquire()))
        attempt = Attempt(name, lost[0] if lost else None, failed, time.perf_counter() - begun)
        start.wait(PATIENCE)
        if attempt.won:
            attempt = attempt._replace(failed=_attempt(contender.release))
        tell.send(attempt)


def _attempt(action: Callable[[], None]) -> str:
    try:
        action()
    except Exception as error:
        return repr(error)
    return ""


def _end(process: SpawnProcess) -> None:
    process.kill()
    process.join()
