"""The source over a real Prometheus that scrapes real pages."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from prometheus_client import Counter
from tests.fakes.metrics import Page, an_instance
from tests.fakes.processes import wait_for
from tests.fakes.prometheus import real_prometheus

from hotfix_deploy_runner.core.baseline import Tally
from hotfix_deploy_runner.core.fleet import Fleet
from hotfix_deploy_runner.core.reading import Cursor, Reading
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import NoReading
from hotfix_deploy_runner.metrics.prometheus import make_source
from hotfix_deploy_runner.ports import Workplace

pytestmark = pytest.mark.slow
NAN = b'# TYPE http_requests_total counter\nhttp_requests_total{status="200"} NaN\n'


def test_a_real_one_is_read_to_the_last_request(tmp_path: Path) -> None:
    with ExitStack() as stack:
        pages = (Page(), Page())
        urls = [stack.enter_context(page.online()) for page in pages]
        pages[0].serve(100)
        server = stack.enter_context(real_prometheus(tmp_path, urls))
        logins = Counter("logins_total", "Logins", ["result"], registry=pages[0].registry)
        more = {"limit": "20%", "total": "logins_total", "bad_labels": {"result": "failed"}}
        settings = {"url": server, "more": {"logins": more, "handlers": {"limit": "20%", "by": "handler"}}}
        source = make_source(settings, Workplace(tmp_path, tmp_path, Redactor()))
        fleet = Fleet(tuple(an_instance(f"web-{number}", url) for number, url in enumerate(urls, 1)))
        cursor: Cursor | None = None
        read: list[Reading] = []

        def reads(enough: Callable[[], bool]) -> Callable[[], bool]:
            def once_more() -> bool:
                nonlocal cursor
                try:
                    reading, cursor = asyncio.run(source.read(fleet, cursor))
                except NoReading as error:
                    read.append(Reading(0, 0, silent={"all": error.message}))
                else:
                    read.append(reading)
                return enough()

            return once_more

        def total(name: str) -> tuple[int, int, int]:
            own = [sample for reading in read for sample in reading.samples if sample.instance == name]
            fast = sum(sample.latency.counts[0] for sample in own if sample.latency)
            return sum(s.requests for s in own), sum(s.errors for s in own), fast

        def further(name: str) -> Tally:
            own = [s.further for reading in read for s in reading.samples if s.instance == "web-1"]
            return sum((tally for of in own for tally in of.get(name, {}).values()), start=Tally())

        wait_for(reads(lambda: len([1 for reading in read if reading.samples]) >= 2), "two readings with samples")
        assert further("logins") == Tally(), "declared, and nobody has logged in"
        assert read[-1].samples[1].unread == {"logins": "no logins_total on its page"}
        logins.labels("ok").inc(3)
        logins.labels("failed").inc(2)
        pages[0].serve(7)
        pages[0].serve(3, status=500, seconds=0.3)
        pages[1].serve(5)
        wait_for(reads(lambda: (total("web-1"), total("web-2")) == ((10, 3, 7), (5, 0, 5))), "every request is read")
        wait_for(reads(lambda: further("logins") == Tally(5, 2)), "every login is read")
        assert further("handlers") == Tally(10, 3)
        pages[1].answer = (200, NAN)
        wait_for(reads(lambda: "is nan" in read[-1].silent.get("web-2", "")), "a count that is none")
        pages[1].answer = (404, b"no\n")
        wait_for(reads(lambda: "up is 0" in read[-1].silent.get("web-2", "")), "one that cannot be scraped")
        stack.close()
        wait_for(reads(lambda: "connection refused" in read[-1].silent.get("all", "")), "Prometheus is gone")
    taken = [reading for reading in read if reading.end]
    assert all(earlier.end == later.start for earlier, later in pairwise(taken))
