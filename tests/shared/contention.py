"""Several processes that all want the same lock at the same moment, round after round."""

import asyncio
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier

from hotfix_deploy_runner.core.facts import Environment
from hotfix_deploy_runner.errors import LockLost
from hotfix_deploy_runner.lock.record import LockRecord
from hotfix_deploy_runner.shared.commons import Change, Commons, Seen

Make = Callable[[], Commons]
"""Opens the same place again, also in another process: it is pickled."""

ENVIRONMENT: Environment = "production"
SPAWN = multiprocessing.get_context("spawn")
PATIENCE = 60.0


def contend(make: Make, contenders: int, rounds: int) -> list[list[str]]:
    """Who won each round. Raises `EOFError` when one of them died."""
    start = SPAWN.Barrier(contenders)
    pipes = [SPAWN.Pipe(duplex=False) for _ in range(contenders)]
    processes = [
        SPAWN.Process(target=_live, args=(make, f"run-{number}", rounds, start, theirs), daemon=True)
        for number, (_, theirs) in enumerate(pipes)
    ]
    for process, (_, theirs) in zip(processes, pipes, strict=True):
        process.start()
        theirs.close()
    try:
        won = {process.name: ours.recv() for process, (ours, _) in zip(processes, pipes, strict=True)}
    finally:
        for process in processes:
            process.kill()
            process.join()
    return [[name for name, wins in won.values() if wins[number]] for number in range(rounds)]


def _live(make: Make, name: str, rounds: int, start: Barrier, tell: "Connection[object, object]") -> None:
    tell.send((name, asyncio.run(_rounds(make(), name, rounds, start))))


async def _rounds(commons: Commons, name: str, rounds: int, start: Barrier) -> list[bool]:
    """Whether each was won: all look, wait for the others, and swap what all have seen."""
    wins = []
    for number in range(1, rounds + 1):
        start.wait(PATIENCE)
        seen = (await commons.look([ENVIRONMENT]))[ENVIRONMENT]
        start.wait(PATIENCE)
        wins.append(await _wins(commons, seen, LockRecord(number, "held", name, nonce=f"{name}-{number}")))
    await commons.aclose()
    return wins


async def _wins(commons: Commons, seen: Seen, record: LockRecord) -> bool:
    try:
        await commons.change(Change({ENVIRONMENT: seen.token}, {ENVIRONMENT: record}))
    except LockLost:
        return False
    return True
