"""A plot of text: no wider than a terminal, and every curve where its values are."""

from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.views.text_plot import BOTH, COLUMNS, ROWS, Curve, plot

values = st.lists(st.floats(-10, 1000, allow_nan=False), min_size=1, max_size=200)


@given(values, values)
def test_it_always_fits_and_every_curve_is_seen(one: list[float], other: list[float]) -> None:
    curves = [Curve(mark, tuple(enumerate(points))) for mark, points in (("o", one), ("x", other))]
    lines = list(plot(curves, 1.0, 1.25))
    assert len(lines) == ROWS + 1 and all(len(line) <= COLUMNS + 8 for line in lines)
    drawn = "".join(line[8:] for line in lines)
    assert ("o" in drawn or BOTH in drawn) and ("x" in drawn or BOTH in drawn)


def test_curves_are_high_where_their_values_are_and_marked_where_they_meet() -> None:
    rising = Curve("o", ((0.0, 0.0), (10.0, 5.0)))
    flat = Curve("x", ((0.0, 0.0), (10.0, 0.0)))
    first, *rest = plot([rising, flat], 1.0, 1.25)
    assert first == f"  125% |{' ' * (COLUMNS - 1)}o"
    assert rest[-2] == f"    0% |{BOTH}{' ' * (COLUMNS - 2)}x"
    assert [line for line in rest if line.startswith("  100% |-")]
