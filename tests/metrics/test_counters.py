import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.metrics import Page

from hotfix_deploy_runner.core.reading import Histogram
from hotfix_deploy_runner.metrics.counters import Counters, Selection, increment, read_page

ANY = Selection()


def requests(*lines: str, name: str = "http_requests_total", declared: bool = True) -> str:
    head = [f"# TYPE {name} counter"] if declared else []
    return "\n".join([*head, *lines]) + "\n"


def test_a_page_of_the_client_library() -> None:
    page = Page()
    page.serve(7)
    page.serve(2, status=503, seconds=0.7)
    page.serve(3, status=404, seconds=2.0)
    page.serve(4, handler="/healthz")
    selection = Selection(exclude={"handler": ("/healthz",)})
    counters = read_page(page.text.decode(), selection)
    assert (counters.requests, counters.errors) == (12, 2)
    assert counters.latency == Histogram((0.1, 0.5, 1.0, None), (7, 0, 2, 3))


def test_a_newborn_page_declares_its_counter_and_counts_as_zero() -> None:
    assert read_page(Page().text.decode(), ANY) == Counters()


@pytest.mark.parametrize(
    "page",
    [
        requests('http_requests_total{status="500"} 3'),
        requests('http_requests_total{status="500"} 3', declared=False),
        requests('http_requests_total{status="500"} 3 1700000000000'),
        requests('http_requests_total{code="500"} 3.0'),
        requests('http_requests_total{status_code="5xx"} 3e0'),
        requests('http_requests_total{status="500",code="200"} 3'),
        requests('http_requests_total{status="500",m="a"} 1', 'http_requests_total{status="503",m="b"} 2'),
        requests('http_requests_total{status="500"} 3', 'http_requests_created{status="500"} 1.7e9'),
    ],
)
def test_spellings_of_three_errors(page: str) -> None:
    assert read_page(page, ANY) == Counters(3, 3)


def test_a_status_is_an_errors_only_when_all_of_it_matches() -> None:
    page = requests('http_requests_total{status="5000"} 3', 'http_requests_total{status="1500"} 4')
    assert read_page(page, ANY) == Counters(7, 0)


def test_buckets_may_come_in_any_order() -> None:
    bucket = "http_request_duration_seconds_bucket"
    page = requests() + f'{bucket}{{le="+Inf"}} 4\n{bucket}{{le="0.5"}} 3\n{bucket}{{le="0.1"}} 1\n'
    assert read_page(page, ANY).buckets == ((0.1, 1), (0.5, 2), (None, 1))


@pytest.mark.parametrize("configured", ["hits", "hits_total"])
def test_a_counter_may_be_configured_with_or_without_total(configured: str) -> None:
    page = requests('hits_total{status="200"} 3', name="hits_total")
    assert read_page(page, Selection(requests=configured)).requests == 3


def test_a_counter_that_lacks_total_on_the_page() -> None:
    assert read_page(requests('hits{status="200"} 3', name="hits"), Selection(requests="hits")).requests == 3


def test_a_gauge_of_nearly_the_same_name_is_not_counted() -> None:
    page = (
        requests('http_requests_total{status="200"} 3') + '# TYPE http_requests gauge\nhttp_requests{status="200"} 9\n'
    )
    assert read_page(page, ANY).requests == 3


def test_requests_may_be_a_histograms_count() -> None:
    page = (
        "# TYPE seconds histogram\n"
        'seconds_bucket{status="200",le="1"} 4\nseconds_bucket{status="200",le="+Inf"} 5\n'
        'seconds_count{status="200"} 5\n'
        'seconds_bucket{status="500",le="1"} 1\nseconds_bucket{status="500",le="+Inf"} 1\n'
        'seconds_count{status="500"} 1\n'
    )
    selection = Selection(requests="seconds_count", duration="seconds")
    assert read_page(page, selection) == Counters(6, 1, ((1.0, 5), (None, 1)))
    assert read_page("# TYPE seconds histogram\n", selection) == Counters()


def test_histograms_with_different_edges_are_taken_apart_before_they_are_added() -> None:
    page = requests() + (
        "# TYPE http_request_duration_seconds histogram\n"
        'http_request_duration_seconds_bucket{h="a",le="0.1"} 3\n'
        'http_request_duration_seconds_bucket{h="a",le="+Inf"} 4\n'
        'http_request_duration_seconds_bucket{h="b",le="0.5"} 10\n'
        'http_request_duration_seconds_bucket{h="b",le="+Inf"} 10\n'
    )
    assert read_page(page, ANY).buckets == ((0.1, 3), (0.5, 10), (None, 1))


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("", "no http_requests_total on the page"),
        ("# TYPE other counter\nother_total 1\n", "no http_requests_total on the page"),
        (requests('http_requests_total{status="200"} 12')[:-1], "cut off"),
        (requests('http_requests_total{method="GET"} 3'), "no label status or code or status_code"),
        (requests('http_requests_total{status="200"} NaN'), "no count"),
        (requests('http_requests_total{status="200"} +Inf'), "no count"),
        (requests('http_requests_total{status="200"} -1'), "no count"),
        (requests() + "http_request_duration_seconds_bucket 3\n", "without an edge"),
        (
            requests()
            + 'http_request_duration_seconds_bucket{le="1"} 3\nhttp_request_duration_seconds_bucket{le="+Inf"} 2\n',
            "do not ascend",
        ),
    ],
)
def test_a_page_that_cannot_be_used_says_why(page: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_page(page, ANY)


@given(st.text(alphabet='ahttp_requests_total{}=",.#\n 19TYPEcounter<>\\\x00é', max_size=200))
def test_no_text_does_worse_than_a_value_error(text: str) -> None:
    for page in (text, f"{text}\n", f"http_requests_total{{{text}}} 1\n"):
        try:
            counters = read_page(page, ANY)
        except ValueError:
            continue
        assert 0 <= counters.errors <= counters.requests


COUNT = st.integers(min_value=0, max_value=10**12)
EDGES = (0.1, 1.0, None)


@st.composite
def totals(draw: st.DrawFn) -> Counters:
    errors = draw(COUNT)
    return Counters(errors + draw(COUNT), errors, tuple((edge, draw(COUNT)) for edge in EDGES))


def plus(a: Counters, b: Counters) -> Counters:
    buckets = tuple((edge, one + two) for (edge, one), (_, two) in zip(a.buckets, b.buckets, strict=True))
    return Counters(a.requests + b.requests, a.errors + b.errors, buckets)


@given(totals(), totals())
def test_the_increment_is_what_was_added(before: Counters, added: Counters) -> None:
    assert increment(before, plus(before, added)) == added


@given(totals(), totals())
def test_an_increment_never_has_more_errors_than_requests_nor_less_than_nothing(a: Counters, b: Counters) -> None:
    added = increment(a, b)
    assert 0 <= added.errors <= added.requests <= b.requests
    assert all(count >= 0 for _, count in added.buckets)


@given(totals())
def test_from_birth_everything_was_added(now: Counters) -> None:
    assert increment(Counters(), now) == now


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (Counters(100, 1), Counters(5, 2)),
        (Counters(100, 50), Counters(120, 5)),
        (Counters(100, 0), Counters(120, 100)),
    ],
)
def test_after_a_reset_all_there_is_was_added(before: Counters, now: Counters) -> None:
    assert increment(before, now) == now


def test_buckets_that_fell_alone_leave_the_latency_unknown() -> None:
    before = Counters(10, 0, ((0.1, 10), (None, 0)))
    assert increment(before, Counters(15, 0, ((0.5, 15), (None, 0)))) == Counters(5, 0)
    assert increment(before, Counters(15, 0)).latency is None
