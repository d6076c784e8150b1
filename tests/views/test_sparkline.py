"""Bars of text."""

from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.core.series import Point
from hotfix_deploy_runner.views.sparkline import BARS, columns, error_rate, slowest_p99, sparkline


def points(*errors: int) -> list[Point]:
    return [Point(float(at), 10, bad, bad / 10) for at, bad in enumerate(errors)]


def test_bars_are_in_proportion_from_nothing_to_the_highest() -> None:
    parts = columns(points(0, 5, 10), 0.0, 2.0, 3)
    assert sparkline(parts, error_rate, 1.0) == "▁▅█"
    assert sparkline(parts, slowest_p99, 1.0) == "▁▅█"


def test_what_was_not_measured_is_a_gap_not_a_zero() -> None:
    silent = Point(1.0, 0, 0)
    assert sparkline([points(10), [silent], [], points(10)], error_rate, 1.0) == "█  █"


def test_all_zeros_are_low_bars() -> None:
    assert sparkline(columns(points(0, 0), 0.0, 1.0, 2), error_rate, 0.0) == "▁▁"


@given(st.lists(st.integers(0, 10), min_size=1, max_size=200), st.integers(1, 60))
def test_every_point_is_in_exactly_one_column(errors: list[int], width: int) -> None:
    given_points = points(*errors)
    parts = columns(given_points, 0.0, float(len(errors) - 1), width)
    assert len(parts) == width
    assert [point for part in parts for point in part] == given_points
    assert set(sparkline(parts, error_rate, 1.0)) <= {*BARS, " "}


@given(st.integers(1, 60))
def test_regular_readings_have_a_column_each(count: int) -> None:
    parts = columns(points(*[1] * count), 0.0, float(count - 1), count)
    assert all(len(part) == 1 for part in parts)
