"""Round figures for axes."""

from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.views.ticks import clock, days, time_ticks, value_ticks

START = 1_795_402_800.0  # 2026-11-23T03:00:00Z


@given(st.floats(1e-6, 1e6))
def test_values_begin_at_nothing_reach_the_highest_and_are_few(highest: float) -> None:
    ticks = value_ticks(highest)
    assert ticks[0] == 0.0
    assert ticks[-1] >= highest * (1 - 1e-9)
    assert ticks[-2] < highest
    assert 2 <= len(ticks) <= 6


def test_values_are_round() -> None:
    assert [f"{tick:g}" for tick in value_ticks(0.46)] == ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]
    assert value_ticks(1.0)[-1] == 1.0
    assert value_ticks(0.0) == (0.0, 1.0)


@given(st.floats(0.0, 1e5), st.floats(1.0, 1e7))
def test_instants_lie_within_and_are_few(offset: float, span: float) -> None:
    start = START + offset
    ticks = time_ticks(start, start + span)
    assert all(start <= tick <= start + span for tick in ticks)
    assert len(ticks) <= 8
    assert list(ticks) == sorted(set(ticks))


def test_instants_are_round_in_utc() -> None:
    ticks = time_ticks(START + 1, START + 61)
    assert [clock(tick, 60) for tick in ticks] == [
        "03:00:10",
        "03:00:20",
        "03:00:30",
        "03:00:40",
        "03:00:50",
        "03:01:00",
    ]
    assert clock(START, 3600) == "03:00"


def test_a_chart_over_midnight_names_both_days() -> None:
    assert days(START, START + 60) == "2026-11-23"
    assert days(START, START + 86_400) == "2026-11-23 to 2026-11-24"
