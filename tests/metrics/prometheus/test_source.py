"""The source over a server that answers as Prometheus does, at instants of the test's."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.metrics import MetricsSourceContract, an_instance, through_json
from tests.fakes.prometheus import Scraped
from tests.fakes.web import dead_url, reply, serving

from hotfix_deploy_runner.core.baseline import Tally
from hotfix_deploy_runner.core.fleet import Fleet, Instance
from hotfix_deploy_runner.core.reading import Cursor, Reading
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import NoReading, UsageError
from hotfix_deploy_runner.metrics.prometheus import make_source
from hotfix_deploy_runner.metrics.prometheus.source import PrometheusSource
from hotfix_deploy_runner.ports import MetricsSource, Workplace

A, B = "10.0.0.1:80", "10.0.0.2:80"


def make(url: str, clock: Callable[[], float] = lambda: 5000.0, **settings: Any) -> PrometheusSource:
    return make_source({"url": url, **settings}, Workplace(Path(), Path(), Redactor(), clock=clock))


def web(number: int, *, incarnation: str = "1", place: str = "", revision: str = "v1") -> Instance:
    url = f"http://{place or f'10.0.0.{number}'}"
    return an_instance(f"web-{number}", url, incarnation=incarnation, revision=Revision(revision))


class World:
    """Ours is 4000 s ahead of Prometheus' clock."""

    def __init__(self, scraped: Scraped, url: str, **settings: Any) -> None:
        self.scraped = scraped
        self.source = make(url, lambda: scraped.now + 4000, **settings)
        self.cursor: Cursor | None = None

    def read(self, *instances: Instance, at: float) -> Reading:
        self.scraped.now = at
        before = None if self.cursor is None else through_json(self.cursor)
        reading, self.cursor = asyncio.run(self.source.read(Fleet(instances), before))
        return reading


@pytest.fixture
def world() -> Iterator[World]:
    scraped = Scraped()
    with scraped.online() as url:
        yield World(scraped, url)


def counted(reading: Reading) -> dict[str, tuple[int, int]]:
    return {sample.instance: (sample.requests, sample.errors) for sample in reading.samples}


class TestItKeepsTheContract(MetricsSourceContract):
    @contextmanager
    def source(self) -> Iterator[tuple[MetricsSource, Fleet]]:
        scraped = Scraped()
        with scraped.online() as url:
            source = make(url)
            scraped.scrape(A, 999, s200=3)

            class Scraping:
                """Scraped once more before the second reading."""

                async def read(self, fleet: Fleet, cursor: Cursor | None) -> tuple[Reading, Cursor]:
                    if cursor is not None and scraped.now == 1000:
                        scraped.now = 1002
                        scraped.scrape(A, 1001, s200=8)
                    return await source.read(fleet, cursor)

            yield Scraping(), Fleet((web(1),))


def test_a_reading_covers_what_was_scraped_in_our_own_time(world: World) -> None:
    for at, ok, bad in ((970, 90, 0), (985, 100, 1), (1000, 110, 5)):
        world.scraped.scrape(A, at, s200=ok, s500=bad)
    assert world.read(web(1), at=985.5).samples == ()
    reading = world.read(web(1), at=1004)
    assert counted(reading) == {"web-1": (14, 4)}
    assert (reading.start, reading.end, reading.pace) == (4985, 5000, 15)


def test_until_all_are_scraped_anew_there_are_neither_zeros_nor_blindness(world: World) -> None:
    for place, shift in ((A, 0), (B, 9)):
        for at in (970, 985):
            world.scraped.scrape(place, at + shift - 15, s200=1)
    world.scraped.scrape(A, 985, s200=1)
    world.read(web(1), web(2), at=986)
    world.scraped.scrape(B, 994, s200=8)
    reading = world.read(web(1), web(2), at=996)
    assert (reading.samples, reading.length) == ((), 0)
    assert reading.silent["web-1"].startswith("no scrape since 1970-01-01T00:16:25Z")
    world.scraped.scrape(A, 1000, s200=4)
    reading = world.read(web(1), web(2), at=1001)
    assert counted(reading) == {"web-1": (3, 0), "web-2": (7, 0)}
    assert reading.end == 4994, "what happened later to the second is not all in it"


def test_a_reset_between_two_scrapes_of_one_reading_is_seen(world: World) -> None:
    world.scraped.scrape(A, 990, s200=100)
    world.read(web(1), at=991)
    for at, count in ((991.5, 120), (992, 5), (993, 130)):
        world.scraped.scrape(A, at, s200=count)
    assert counted(world.read(web(1), at=994)) == {"web-1": (20 + 5 + 125, 0)}


def test_a_newborn_starts_at_zero_also_before_it_has_a_series(world: World) -> None:
    world.scraped.scrape(A, 990, s200=100)
    world.read(web(1), at=990.5)
    world.scraped.scrape(A, 991, s200=100)
    world.scraped.scrape(B, 991)
    assert counted(world.read(web(1), web(2), at=991.5)) == {"web-1": (0, 0), "web-2": (0, 0)}
    world.scraped.scrape(A, 992, s200=100)
    world.scraped.scrape(B, 992, s500=2)
    assert counted(world.read(web(1), web(2), at=992.5))["web-2"] == (2, 2)


def test_a_page_without_the_counter_is_no_newborn(world: World) -> None:
    world.scraped.scrape(A, 990, s200=100)
    world.scraped.scrape(B, 990)
    world.scraped.declared.remove(B)
    world.read(web(1), web(2), at=990.5)
    world.scraped.scrape(A, 991, s200=101)
    world.scraped.scrape(B, 991)
    world.scraped.declared.remove(B)
    reading = world.read(web(1), web(2), at=991.5)
    assert (counted(reading), reading.silent) == (
        {"web-1": (1, 0)},
        {"web-2": "no http_requests_total on its page"},
    )


def test_one_at_a_place_that_another_had_is_given_none_of_its_requests(world: World) -> None:
    world.scraped.scrape(A, 990, s200=100)
    world.read(web(1), at=990.2)
    world.scraped.scrape(A, 991, s200=130)
    reading = world.read(web(1, incarnation="2"), at=991.5)
    assert reading.samples == () and "no scrape since" in reading.silent["web-1"]
    world.scraped.scrape(A, 992, s200=140)
    assert counted(world.read(web(1, incarnation="2"), at=992.5)) == {"web-1": (140, 0)}


@pytest.mark.parametrize(
    ("value", "why"), [("NaN", "is nan, which is no count"), ("+Inf", "is inf, which"), ("-3", "is -3.0, which")]
)
def test_what_is_no_count_is_silence(world: World, value: str, why: str) -> None:
    for place in (A, B):
        world.scraped.scrape(place, 990, s200=1)
    world.read(web(1), web(2), at=990.5)
    world.scraped.scrape(A, 991, s200=2)
    world.scraped.scrape(B, 991, s200=value)
    reading = world.read(web(1), web(2), at=991.5)
    assert counted(reading) == {"web-1": (1, 0)} and why in reading.silent["web-2"]


def test_who_is_not_scraped_any_more_holds_nobody_up(world: World) -> None:
    for at in (990, 991):
        world.scraped.scrape(A, at, s200=1)
        world.scraped.scrape(B, at, s200=1)
    world.read(web(1), web(2), web(3), at=991.5)
    world.scraped.scrape(A, 994, s200=2)
    world.scraped.scrape(A, 995, s200=5)
    reading = world.read(web(1), web(2), web(3), at=995.5)
    assert counted(reading) == {"web-1": (4, 0)}
    assert reading.silent["web-2"].startswith("no scrape since 1970-01-01T00:16:31Z, 4 s ago; before that every 1 s")
    assert reading.silent["web-3"] == "Prometheus has not scraped it [10.0.0.3:80]"
    world.scraped.scrape(A, 996, up=False)
    with pytest.raises(NoReading, match="could not scrape it at 1970-01-01T00:16:36Z"):
        world.read(web(1), web(2), at=996.5)


def test_one_that_is_scraped_by_two_jobs_is_not_counted_twice(world: World) -> None:
    for job in ("x", "y"):
        for at in (990, 991):
            world.scraped.scrape(A, at, job=job, s200=1)
    with pytest.raises(NoReading, match="scraped twice over"):
        world.read(web(1), at=991.5)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (
            400,
            '{"status":"error","errorType":"bad_data","error":"odd"}',
            r"cannot .* \(bad_data\): odd",
        ),
        (422, '{"status":"error","errorType":"execution","error":"too many samples"}', "too many samples"),
        (
            503,
            '{"status":"error","errorType":"timeout","error":"too late"}',
            r"503 \(timeout\): too late",
        ),
        (500, "oops", "answered 500"),
        (401, "", "answered 401: it wants to know who asks"),
        (404, "<html>", "answered 404: there is no query API"),
        (429, "", "asked too often"),
        (302, "", "answered 302"),
        (200, "<html>login</html>", "200 with what is not the query API's JSON"),
        (200, '{"status":"success","data":{"resultType":"vector","result":[]}}', "a vector, not a scalar"),
        (200, '{"status":"success","data":{"resultType":"scalar","result":"x"}}', "something else than was asked for"),
        (200, '{"status":"success","data":null,"warnings":["remote read failed"]}', "in part only: remote read failed"),
    ],
)
def test_every_other_answer_says_what_it_is(world: World, status: int, body: str, words: str) -> None:
    world.scraped.answer = (status, body)
    with pytest.raises(NoReading, match=words):
        world.read(web(1), at=1000)


def test_no_answer_says_why() -> None:
    with pytest.raises(NoReading, match="connection refused"):
        asyncio.run(make(dead_url()).read(Fleet((web(1),)), None))


def test_templates_ask_for_each_revision_and_nothing_gets_out_of_its_quotes() -> None:
    scraped = Scraped()
    with scraped.online() as url:
        world = World(scraped, url, requests='http_requests_total{v="{revision}",instance=~"{instances}"}')
        scraped.scrape(A, 990, s200=1)
        scraped.scrape(B, 990, s200=1)
        world.read(web(1), web(2, revision='v2"}'), at=990.5)
    asked = [fields.get("query", "").rpartition("[")[0] for fields in scraped.asked]
    assert 'http_requests_total{v="v1",instance=~"10.0.0.1:80"}' in asked
    assert 'http_requests_total{v="v2\\"}",instance=~"10.0.0.2:80"}' in asked


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({"bearer_token_env": "PROM_TOKEN"}, "Bearer s3cret-token"),
        ({"username": "ada", "password_env": "PROM_TOKEN"}, "Basic YWRhOnMzY3JldC10b2tlbg=="),
    ],
)
def test_secrets_come_from_variables(monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], sent: str) -> None:
    scraped = Scraped()
    with scraped.online() as url:
        with pytest.raises(UsageError, match="PROM_TOKEN is not set"):
            make(url, **settings)
        monkeypatch.setenv("PROM_TOKEN", "s3cret-token")
        scraped.scrape(A, 999)
        asyncio.run(make(url, headers={"X-Scope-OrgID": "us"}, **settings).read(Fleet((web(1),)), None))
    assert (scraped.headers["Authorization"], scraped.headers["X-Scope-OrgID"]) == (sent, "us")


@pytest.mark.parametrize(
    ("key", "value"),
    [("url", "ftp://x"), ("url", "http://ada:pw@x"), ("headers", {"Authorization": "Bearer x"}), ("errors", "5(")],
)
def test_wrong_settings(key: str, value: Any) -> None:
    with pytest.raises(UsageError, match=key):
        make_source({key: value}, Workplace(Path(), Path(), Redactor()))


def test_doctor_is_told_what_answers_and_how_old_it_is(world: World) -> None:
    assert "scrapes nothing" in asyncio.run(world.source.examine())[0].text
    for at in (970, 985):
        world.scraped.scrape(A, at)
    [line] = asyncio.run(world.source.examine())
    assert line.text.endswith("scrapes every 15 s; its newest scrape is 15 s old")
    with serving(lambda request: reply(request, status=401)) as url:
        [line] = asyncio.run(make(url).examine())
    assert line.text.startswith("Prometheus: http://127.0.0.1:") and "401" in line.text


@contextmanager
def with_more(**more: Any) -> Iterator[World]:
    scraped = Scraped()
    with scraped.online() as url:
        yield World(scraped, url, more=more)


def test_a_further_metric_is_differenced_scrape_by_scrape() -> None:
    logins = {"total": "logins_total", "bad_labels": {"result": "failed"}, "limit": "20%"}
    with with_more(logins=logins) as world:
        for at, good, bad in ((990, 90, 10), (1000, 95, 12), (1010, 3, 1), (1020, 13, 6)):
            world.scraped.scrape(A, at, s200=at)
            world.scraped.count("logins_total", A, at, good, result="ok")
            world.scraped.count("logins_total", A, at, bad, result="failed")
        world.read(web(1), at=991)
        [sample] = world.read(web(1), at=1021).samples
    assert sample.further == {"logins": {"": Tally(7 + 4 + 15, 2 + 1 + 5)}}
    assert sample.unread == {}


def test_a_further_counter_without_series_is_zero_where_it_is_declared_and_unread_where_not() -> None:
    more = {"limit": "20%", "total": "logins_total", "bad_labels": {"result": "failed"}}
    with with_more(logins=more, payments={**more, "total": "payments_total"}) as world:
        world.scraped.further["logins_total"] = {A}
        for at in (990, 1000):
            world.scraped.scrape(A, at, s200=at)
            world.read(web(1), at=at + 1)
        world.scraped.scrape(A, 1010, s200=1010)
        [sample] = world.read(web(1), at=1011).samples
    assert sample.further == {"logins": {"": Tally()}}
    assert sample.unread == {"payments": "no payments_total on its page"}


def test_the_busiest_routes_are_followed_and_stay_in_the_cursor() -> None:
    with with_more(routes={"by": "route", "most": 2, "limit": "20%"}) as world:
        for at, counts in ((990, (50, 9, 30)), (1000, (55, 900, 33))):
            world.scraped.scrape(A, at)
            for route, count in zip("abc", counts, strict=True):
                world.scraped.count("http_requests_total", A, at, count, route=route, status="200")
            reading = world.read(web(1), at=at + 1)
            world.read(web(1), at=at + 2)
    [sample] = reading.samples
    assert (sample.requests, sample.further) == (899, {"routes": {"a": Tally(5), "c": Tally(3)}})
