"""People who use the demo's service: requests at a steady mean rate, each answer a line in a log.

    python -m hotfix_deploy_runner.demo.traffic --url <url> --customers <file> --rate 60 --log <file>

Open loop: a request is sent when it is due, whatever became of those before it, and its time counts from then. The
gaps between requests are drawn from an exponential distribution, as those of many people who do not know of
one another are. TERM, or `--seconds`, ends it: what is under way is waited for, then the summary is printed as JSON.
"""

import argparse
import asyncio
import contextlib
import json
import random
import signal
import time
from pathlib import Path
from typing import TextIO

import httpx2
import msgspec

from ..core.instant import Instant, Seconds
from .customers import Customers, Errand
from .measure import Answer, parse, summary

PATIENCE: Seconds = 10.0
RETRY_STATUS = 503


class Traffic:
    """Sends requests to `client`'s base URL and writes what came of each to `log`, line by line."""

    def __init__(self, client: httpx2.AsyncClient, customers: Customers, log: TextIO, source: random.Random) -> None:
        self._client = client
        self._customers = customers
        self._log = log
        self._random = source
        self._open: set[asyncio.Task[None]] = set()

    async def run(self, rate: float, stop: asyncio.Event, seconds: Seconds | None = None) -> None:
        """Send `rate` requests a second in the mean, none at 0, until `stop` is set or `seconds` are over.

        All that were due by then are sent, also where this machine was too busy to send them in time.
        """
        loop = asyncio.get_running_loop()
        due = loop.time()
        offset = time.time() - due
        end = float("inf") if seconds is None else due + seconds
        while due < end and not stop.is_set():
            due = min(end, due + self._random.expovariate(rate)) if rate > 0 else end
            await _stopped(stop, due)
            if due < end and not stop.is_set():
                self._begin(due + offset)
        if self._open:
            await asyncio.wait(self._open)

    def _begin(self, due: Instant) -> None:
        task = asyncio.create_task(self._errand(due))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _errand(self, due: Instant) -> None:
        errand = self._customers.errand()
        answer, again = await self._ask(errand, due)
        if again:
            answer = msgspec.structs.replace((await self._ask(errand, due))[0], tries=2)
        self._log.write(msgspec.json.encode(answer).decode() + "\n")

    async def _ask(self, errand: Errand, due: Instant) -> tuple[Answer, bool]:
        """The answer, and whether the server asks for another try (RFC 9110, 10.2.3)."""
        status, version, error, again = 0, "", "", False
        try:
            async with asyncio.timeout(PATIENCE):
                reply = await self._send(errand)
            status, version = reply.status_code, reply.headers.get("X-Version", "")
            again = status == RETRY_STATUS and "Retry-After" in reply.headers
            self._customers.learn(errand, status, reply.json())
        except (httpx2.HTTPError, TimeoutError, ValueError) as problem:
            error = type(problem).__name__
        milliseconds = round((time.time() - due) * 1000, 2)
        return Answer(round(due, 4), errand.kind, status, version, milliseconds, error=error), again

    async def _send(self, errand: Errand) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {errand.token}"} if errand.token else {}
        return await self._client.request(errand.method, errand.path, json=errand.content, headers=headers)


async def _stopped(stop: asyncio.Event, until: float) -> None:
    """Wait for `stop`, no longer than `until` on the loop's clock (for ever when it is infinite)."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(None if until == float("inf") else until):
            await stop.wait()


async def _main(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    source = random.Random(arguments.seed)
    customers = Customers.from_json(arguments.customers.read_text(encoding="utf-8"), source, time.time)
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    with arguments.log.open("a", encoding="utf-8", buffering=1) as log:
        async with httpx2.AsyncClient(base_url=arguments.url, limits=limits, trust_env=False) as client:
            await Traffic(client, customers, log, source).run(arguments.rate, stop, arguments.seconds)
    answers = parse(arguments.log.read_text(encoding="utf-8"))
    print(json.dumps(msgspec.to_builtins(summary(answers), str_keys=True)), flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m hotfix_deploy_runner.demo.traffic", description="Send requests.")
    parser.add_argument("--url", required=True, help="the base URL to send them to")
    parser.add_argument("--customers", type=Path, required=True, help="the service's customers.json")
    parser.add_argument("--log", type=Path, required=True, help="the file that gets a line for each answer")
    parser.add_argument("--rate", type=float, default=60.0, help="requests a second, in the mean")
    parser.add_argument("--seconds", type=float, help="how long; without it, until TERM")
    parser.add_argument("--seed", type=int, help="draw the same requests each time")
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
