import asyncio
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Counter
from tests.fakes.metrics import FakeMetrics, MetricsSourceContract, Page, an_instance, through_json
from tests.fakes.web import dead_url, reply, serving

from hotfix_deploy_runner.core.baseline import Tally
from hotfix_deploy_runner.core.fleet import Fleet, Instance, Role, State
from hotfix_deploy_runner.core.reading import Cursor, Histogram, Reading, Sample
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.doors.http import Http
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import NoReading
from hotfix_deploy_runner.metrics.counters import Selection
from hotfix_deploy_runner.metrics.scrape import ScrapeSource, make_source
from hotfix_deploy_runner.ports import MetricsSource, Workplace

NEW = Revision(version="v2.14.4")
PROBES = {"handler": ("/healthz",)}


class World:
    """Instances with pages of their own, a source that scrapes them, and a clock that goes on by one a reading."""

    def __init__(self, timeout: float = 5.0) -> None:
        self._stack = ExitStack()
        self.now = 1000.0
        self.pages: dict[str, Page] = {}
        self.source = ScrapeSource(Http(Redactor()), Selection(exclude=PROBES), timeout=timeout, clock=lambda: self.now)
        self.cursor: Cursor | None = None

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def born(self, name: str, incarnation: str = "1", revision: Revision = NEW, served: int = 0) -> Instance:
        page = self.pages[f"{name}/{incarnation}"] = Page()
        if served:
            page.serve(served)
        url = self._stack.enter_context(page.online())
        return an_instance(name, url, incarnation=incarnation, revision=revision)

    def page(self, instance: Instance) -> Page:
        return self.pages[f"{instance.name}/{instance.incarnation}"]

    def read(self, *instances: Instance) -> Reading:
        """The next reading; its cursor goes through the journal's JSON each time."""
        self.now += 1
        before = None if self.cursor is None else through_json(self.cursor)
        reading, self.cursor = asyncio.run(self.source.read(Fleet(instances), before))
        return reading


@pytest.fixture
def world() -> Iterator[World]:
    with World() as one:
        yield one


def counted(reading: Reading) -> dict[str, int]:
    return {sample.instance: sample.requests for sample in reading.samples}


class TestScrapeKeepsTheContract(MetricsSourceContract):
    @contextmanager
    def source(self) -> Iterator[tuple[MetricsSource, Fleet]]:
        with World() as world:
            yield world.source, Fleet((world.born("web-1", served=3),))


class TestTheFakeKeepsTheContract(MetricsSourceContract):
    @contextmanager
    def source(self) -> Iterator[tuple[MetricsSource, Fleet]]:
        script = [Reading(0, 2, (Sample("web-1", "1", "v2.14.4", 10, 0),)), Reading(2, 4)]
        yield FakeMetrics(script), Fleet((an_instance("web-1", None),))


def test_a_sample_has_the_increment_by_revision_instance_and_latency(world: World) -> None:
    one, two = world.born("web-1", revision=Revision("v2.14.3"), served=1000), world.born("web-2", served=5)
    world.read(one, two)
    world.page(one).serve(8)
    world.page(one).serve(2, status=502, seconds=3)
    world.page(one).serve(50, handler="/healthz")
    reading = world.read(one, two)
    assert (reading.start, reading.end, reading.silent) == (1001.0, 1002.0, {})
    latency = Histogram((0.1, 0.5, 1.0, None), (8, 0, 0, 2))
    assert reading.samples[0] == Sample("web-1", "1", "v2.14.3", 10, 2, latency)
    assert (reading.samples[1].version, reading.samples[1].requests) == ("v2.14.4", 0)


def test_increments_of_disjoint_intervals_add_up(world: World) -> None:
    one = world.born("web-1", served=100)
    world.read(one)
    total = 0
    for times in (3, 0, 7, 1):
        world.page(one).serve(times)
        total += world.read(one).samples[0].requests
    assert total == 11


def test_one_born_since_counts_from_zero(world: World) -> None:
    old = world.born("web-1", served=100)
    world.read(old)
    assert counted(world.read(old, world.born("web-2", served=4))) == {"web-1": 0, "web-2": 4}


def test_a_new_incarnation_of_the_same_name_counts_from_zero(world: World) -> None:
    world.read(world.born("web-1", "1", served=100))
    assert counted(world.read(world.born("web-1", "2", served=120))) == {"web-1": 120}


def test_one_born_silent_loses_nothing_of_its_first_life(world: World) -> None:
    old = world.born("web-1")
    world.read(old)
    young = world.born("web-2", served=4)
    world.page(young).answer = (503, b"starting\n")
    assert world.read(old, young).silent == {"web-2": "/metrics answered 503"}
    world.page(young).answer = None
    assert counted(world.read(old, young)) == {"web-1": 0, "web-2": 4}


def test_one_that_was_there_unread_does_not_give_its_whole_life(world: World) -> None:
    old, mute = world.born("web-1"), world.born("web-2", served=100_000)
    world.page(mute).answer = (500, b"")
    world.read(old, mute)
    world.page(mute).answer = None
    reading = world.read(old, mute)
    assert counted(reading) == {"web-1": 0}
    assert reading.silent == {"web-2": "read for the first time: counted from now on"}
    world.page(mute).serve(3)
    assert counted(world.read(old, mute)) == {"web-1": 0, "web-2": 3}


def test_a_standby_that_begins_to_serve_does_not_give_its_whole_life(world: World) -> None:
    one, other = world.born("blue"), world.born("green", served=500)
    standby = Instance(
        other.name, other.incarnation, other.revision, State.READY, Role.STANDBY, endpoint=other.endpoint
    )
    assert world.read(one, standby).silent == {}
    assert counted(world.read(one, other)) == {"blue": 0}


def test_silence_is_told_and_made_up_for(world: World) -> None:
    one, two = world.born("web-1"), world.born("web-2")
    world.read(one, two)
    world.page(one).serve(5)
    world.page(one).answer = (500, b"")
    reading = world.read(one, two)
    assert (counted(reading), reading.silent) == ({"web-2": 0}, {"web-1": "/metrics answered 500"})
    world.page(one).answer = None
    world.page(one).serve(2)
    assert counted(world.read(one, two)) == {"web-1": 7, "web-2": 0}


def test_a_counter_that_was_reset_counts_from_zero(world: World) -> None:
    one = world.born("web-1", served=100)
    world.read(one)
    fresh = Page()
    fresh.serve(3, status=500)
    world.page(one).answer = (200, fresh.text)
    (sample,) = world.read(one).samples
    assert (sample.requests, sample.errors) == (3, 3)
    assert sample.latency == Histogram((0.1, 0.5, 1.0, None), (3, 0, 0, 0))


def test_one_that_is_gone_is_forgotten(world: World) -> None:
    one, two = world.born("web-1"), world.born("web-2", served=1)
    world.read(one, two)
    world.read(one)
    assert world.cursor is not None
    assert [kept["name"] for kept in world.cursor.state["instances"]] == ["web-1"]


def test_one_that_is_not_ready_is_read_too_and_a_draining_one_is_not(world: World) -> None:
    one, two = world.born("web-1"), world.born("web-2")
    failing = Instance("web-1", "1", NEW, State.FAILED, endpoint=one.endpoint)
    draining = Instance("web-2", "1", NEW, State.READY, Role.DRAINING, endpoint=two.endpoint)
    world.read(failing, draining)
    world.page(one).serve(2)
    assert counted(world.read(failing, draining)) == {"web-1": 2}


def test_the_text_format_is_asked_for_unpacked(world: World) -> None:
    """A client library that is asked for nothing may choose OpenMetrics, which names counters otherwise."""
    asked: list[tuple[str | None, str | None]] = []

    def note(request: BaseHTTPRequestHandler) -> None:
        asked.append((request.headers["Accept"], request.headers["Accept-Encoding"]))
        reply(request, Page().text)

    with serving(note) as url:
        world.read(an_instance("web-1", url))
    assert asked == [("text/plain;version=0.0.4", "identity")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>login</html>\n", "invalid metric name"),
        (b"# TYPE other counter\n", "no http_requests_total on the page"),
        (b"\xff\xfe\x00\n", "/metrics: "),
    ],
)
def test_a_page_that_is_none_is_silence(world: World, body: bytes, reason: str) -> None:
    one, two = world.born("web-1"), world.born("web-2")
    world.page(one).answer = (200, body)
    assert reason in world.read(one, two).silent["web-1"]


def test_without_an_endpoint_there_is_silence(world: World) -> None:
    assert world.read(world.born("web-1"), an_instance("web-2", None)).silent == {"web-2": "it has no endpoint"}


def test_nothing_readable_is_no_reading_and_says_why(world: World) -> None:
    one = world.born("web-1", served=10)
    world.read(one)
    dead = an_instance("web-2", dead_url())
    world.page(one).answer = (500, b"")
    with pytest.raises(NoReading) as caught:
        world.read(one, dead)
    assert caught.value.message == "no instance gave a reading: web-1: /metrics answered 500, and 1 more"
    assert caught.value.detail.splitlines()[1] == f"web-2: {dead.endpoint}: connection refused"
    world.page(one).answer = None
    world.page(one).serve(4)
    assert counted(world.read(one)) == {"web-1": 4}


@pytest.mark.parametrize("known", [True, False])
def test_an_empty_fleet_is_no_reading(world: World, known: bool) -> None:
    if known:
        world.read(world.born("web-1"))
    with pytest.raises(NoReading, match="nothing serves"):
        world.read()


def test_a_clock_that_was_set_back_makes_no_negative_interval(world: World) -> None:
    one = world.born("web-1")
    world.read(one)
    world.now -= 500
    reading = world.read(one)
    assert reading.length == 0


def test_all_are_asked_at_once_and_a_slow_one_is_silent() -> None:
    with World(timeout=0.5) as world:
        slow = [world.born(f"slow-{number}") for number in range(4)]
        good = world.born("web-1")
        with ExitStack() as hanging:
            mute = [an_instance(one.name, hanging.enter_context(hang())) for one in slow]
            reading = asyncio.run(asyncio.wait_for(_first(world, (*mute, good)), 1.9))
        assert set(reading.silent) == {one.name for one in slow}
        assert "no answer in 0.5 s" in reading.silent["slow-0"]


async def _first(world: World, instances: tuple[Instance, ...]) -> Reading:
    reading, _ = await world.source.read(Fleet(instances), None)
    return reading


@contextmanager
def hang() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


Make = Callable[[Mapping[str, Any]], ScrapeSource]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda settings: make_source(settings, Workplace(tmp_path, tmp_path, Redactor()))


def test_the_factorys_settings_reach_the_page(make: Make, world: World) -> None:
    one = world.born("web-1")
    text = '# TYPE hits counter\nhits{outcome="bad",zone="a"} 2\nhits{outcome="good",zone="a"} 3\nhits{zone="b"} 9\n'
    world.page(one).answer = (200, text.encode())
    settings = {"path": "stats", "requests": "hits", "status_label": "outcome", "errors": "bad", "timeout": 2}
    source = make({**settings, "exclude": {"zone": ["b"]}})
    newborn = Cursor(0.0, {"instances": []})
    reading, _ = asyncio.run(source.read(Fleet((one,)), newborn))
    assert [(s.requests, s.errors) for s in reading.samples] == [(5, 2)]


def test_the_default_leaves_probes_and_the_metrics_page_out(make: Make, world: World) -> None:
    one = world.born("web-1", served=4)
    for handler in ("/metrics", "/healthz", "/readyz"):
        world.page(one).serve(9, handler=handler)
    reading, _ = asyncio.run(make({}).read(Fleet((one,)), Cursor(0.0, {"instances": []})))
    assert counted(reading) == {"web-1": 4}


def test_the_fake_misses_where_its_script_says_so() -> None:
    fake = FakeMetrics([Reading(0, 2), None, Reading(2, 6)])
    fleet = Fleet()
    _, cursor = asyncio.run(fake.read(fleet, None))
    first, cursor = asyncio.run(fake.read(fleet, cursor))
    with pytest.raises(NoReading):
        asyncio.run(fake.read(fleet, cursor))
    second, cursor = asyncio.run(fake.read(fleet, cursor))
    assert (first.end, second.start, second.end) == (2, 2, 6)
    with pytest.raises(NoReading):
        asyncio.run(fake.read(fleet, cursor))


def test_what_follows_the_path_is_not_told() -> None:
    """It may hold a token."""
    with serving(lambda request: reply(request, status=500)) as url:
        source = make_source({"path": "/metrics?key=abcdef"}, Workplace(Path(), Path(), Redactor()))
        with pytest.raises(NoReading, match="/metrics answered 500") as caught:
            asyncio.run(source.read(Fleet((an_instance("web-1", url),)), None))
    assert "abcdef" not in caught.value.message + caught.value.detail


def test_further_metrics_are_read_from_the_same_page(tmp_path: Path) -> None:
    page = Page()
    logins = Counter("logins_total", "Logins", ["result"], registry=page.registry)
    more = {
        "logins": {"limit": "20%", "total": "logins_total", "bad_labels": {"result": "failed"}},
        "declines": {"limit": "5%", "total": "payments_total", "bad": "payment_declines_total"},
        "handlers": {"limit": "50%", "by": "handler", "most": 1},
    }
    scrape = make_source({"more": more}, Workplace(tmp_path, tmp_path, Redactor()))
    page.serve(5, handler="/pay")
    page.serve(3, handler="/login")
    with page.online() as url:
        fleet = Fleet((an_instance("web-1", url),))
        _, cursor = asyncio.run(scrape.read(fleet, None))
        logins.labels("ok").inc(9)
        logins.labels("failed").inc(3)
        page.serve(2, handler="/pay", status=500)
        page.serve(7, handler="/login")
        reading, _ = asyncio.run(scrape.read(fleet, through_json(cursor)))
    [sample] = reading.samples
    assert sample.further == {"logins": {"": Tally(12, 3)}, "handlers": {"/pay": Tally(2, 2)}}
    assert sample.unread == {"declines": "no payments_total on the page"}
    assert (sample.requests, sample.errors) == (9, 2)
