"""Labels over a chart: each is there, and none covers another."""

from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.views.flags import Flag, placed

WIDTH = 800.0

labels = st.text("abc/123 ", min_size=1, max_size=14)
flags = st.lists(st.builds(Flag, st.floats(0, 700), labels, st.sampled_from(["plain", "bad", "good"])), max_size=25)


@given(flags)
def test_no_label_covers_another_or_leaves_the_chart(given_flags: list[Flag]) -> None:
    found = placed(given_flags, lambda at: at, WIDTH)
    for one in found:
        assert one.reach[1] <= WIDTH + 1e-6
        for other in found:
            apart = one.reach[1] <= other.reach[0] or other.reach[1] <= one.reach[0]
            assert one is other or one.row != other.row or apart


@given(flags)
def test_no_label_is_lost(given_flags: list[Flag]) -> None:
    said = ", ".join(flag.label for flag in placed(given_flags, lambda at: at, WIDTH))
    for flag in given_flags:
        assert flag.label in said


def test_what_happened_at_once_is_one_flag_and_bad_when_any_is() -> None:
    one, two = placed(
        [Flag(5, "breached", "bad"), Flag(5, "rollback"), Flag(9, "restored", "good")], lambda x: x, WIDTH
    )
    assert (one.label, one.role) == ("breached, rollback", "bad")
    assert (two.label, two.role) == ("restored", "good")
    assert (one.row, two.row) == (0, 1)


def test_far_apart_they_share_a_row() -> None:
    assert [flag.row for flag in placed([Flag(0, "a"), Flag(300, "b")], lambda at: at, WIDTH)] == [0, 0]


def test_at_the_right_edge_a_label_stands_on_the_left() -> None:
    (flag,) = placed([Flag(795, "rollback")], lambda at: at, WIDTH)
    assert flag.left
    assert 'class="flag plain end"' in flag.drawn(0, 100)
