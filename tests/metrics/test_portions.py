"""Further metrics on a page: what is counted, what is said instead, and which values are followed."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.core.baseline import Tally
from hotfix_deploy_runner.errors import UsageError
from hotfix_deploy_runner.metrics.counters import Counters, increment, read_page
from hotfix_deploy_runner.metrics.portions import FIRST_TIME, Portion, Portions, followed
from hotfix_deploy_runner.metrics.tables import CountedTable
from hotfix_deploy_runner.settings import read_table

PAGE = """\
# TYPE http_requests_total counter
http_requests_total{route="/pay",status="200"} 90
http_requests_total{route="/pay",status="500"} 10
http_requests_total{route="/login",status="401"} 20
# TYPE logins_total counter
logins_total{result="ok"} 70
logins_total{result="failed"} 30
logins_total{result="blocked"} 5
# TYPE cache_hits_total counter
cache_hits_total 800
# TYPE cache_misses_total counter
cache_misses_total 200
# TYPE declined_total counter
"""


def read(page: str = PAGE, **more: Any) -> Counters:
    table = read_table(CountedTable, {"more": {"m": {"limit": "20%", **more}}}, "metrics")
    return read_page(page, table.selection("http_requests_total", "seconds"))


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({"total": "logins_total", "bad_labels": {"result": "failed|blocked"}}, {"": (105, 35)}),
        ({"total": "logins_total", "bad": "logins_total", "bad_labels": {"result": "failed"}}, {"": (105, 30)}),
        ({"total": ["cache_hits_total", "cache_misses_total"], "bad": "cache_misses_total"}, {"": (1000, 200)}),
        ({"total": "logins_total", "bad": "declined_total"}, {"": (105, 0)}),
        ({"total_labels": {"route": "/pay"}}, {"": (100, 10)}),
        ({"by": "route"}, {"/pay": (100, 10), "/login": (20, 0)}),
        ({"by": "route", "bad_labels": {"status": "4.."}}, {"/pay": (100, 0), "/login": (20, 20)}),
    ],
)
def test_what_is_counted(more: Mapping[str, Any], counts: Mapping[str, tuple[int, int]]) -> None:
    found = read(**more)
    assert found.further == {"m": {value: Tally(*pair) for value, pair in counts.items()}}
    assert (found.unread, found.requests, found.errors) == ({}, 120, 10)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"total": "payments_total"}, "no payments_total on the page"),
        ({"total": "logins_total", "bad": "misses_total"}, "no misses_total on the page"),
        ({"total": "logins_total", "bad_labels": {"outcome": "failed"}}, "logins_total has no label outcome"),
        ({"by": "path"}, "http_requests_total has no label path"),
        ({"total": "cache_misses_total", "bad": "cache_hits_total"}, "800 were bad of 200: "),
        ({"total": "logins_total"}, "logins_total has no label status or code"),
    ],
)
def test_what_cannot_be_counted_is_said_and_hides_nothing_else(more: Mapping[str, Any], why: str) -> None:
    found = read(**more)
    assert found.unread["m"].startswith(why)
    assert (found.further, found.requests) == ({}, 120)


def test_a_value_of_a_label_cannot_reach_the_terminal() -> None:
    page = 'http_requests_total{route="\x1b[31m/x",status="200"} 3\n'
    assert list(read(page, by="route").further["m"]) == ["?[31m/x"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"limit": 20}, 'metrics.more.m.limit: has to be a text with its sign, such as "20%" (it is 20)'),
        ({"limit": "120%"}, "metrics.more.m.limit: has to be over 0% and under 100%"),
        ({"totl": "x"}, "metrics.more.m.totl: unknown key; did you mean total?"),
        ({"bad_labels": {"result": "("}}, "metrics.more.m.bad_labels.result: not a regular expression"),
        ({"bad": 'a{b="c"}'}, "metrics.more.m.bad: not a counter's name"),
        ({"total": "a_total", "bad": "a_total"}, "metrics.more.m: all of it would be bad"),
        ({"most": 0}, "metrics.more.m.most: "),
        ({"on_breach": "hold"}, "metrics.more.m.on_breach: "),
    ],
)
def test_a_wrong_setting_names_its_key(more: Mapping[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(**more)
    assert refused.value.message.startswith(words)


def test_increments_go_on_where_the_count_was_lost_and_do_not_give_a_whole_life() -> None:
    def now(*pair: int) -> Counters:
        return Counters(10, 0, (), {"m": {"": Tally(*pair)}})

    lost = Counters(10, 0, (), {}, {"m": "why"})
    assert increment(Counters(), now(8, 2)).further == {"m": {"": Tally(8, 2)}}, "a newborn counts from zero"
    assert increment(now(8, 2), lost).unread == {"m": "why"}
    assert increment(lost.after(now(8, 2)), now(9, 3)).further == {"m": {"": Tally(1, 1)}}
    first = increment(lost, now(8, 2))
    assert (first.further, first.unread) == ({}, {"m": FIRST_TIME})
    assert increment(now(8, 2), now(3, 1)).further == {"m": {"": Tally(3, 1)}}, "it was reset"


ROUTES = Portion("routes", ("r",), by="route", most=3)
counts = st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 9), max_size=7)


@given(st.lists(counts, max_size=5), st.data())
def test_those_followed_stay_and_are_chosen_by_their_traffic_alone(course: list[dict[str, int]], data: Any) -> None:
    chosen: dict[str, tuple[str, ...]] = {}
    for now in course:
        totals: Portions = {v: Tally(n, data.draw(st.integers(0, n))) for v, n in now.items()}
        clean: Portions = {v: Tally(n) for v, n in now.items()}
        before, chosen = chosen.get("routes", ()), followed(chosen, [{"routes": totals}], [ROUTES])
        after = chosen["routes"]
        assert after[: len(before)] == before
        assert len(after) <= 3
        assert after == followed({"routes": before}, [{"routes": clean}], [ROUTES])["routes"]
        left = [n for v, n in now.items() if v not in after]
        taken = Counter({v: n for v, n in now.items() if v in after[len(before) :]})
        assert not left or not taken or min(taken.values()) >= max(left)
