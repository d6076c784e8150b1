"""The chart as a browser gets it: parsed as XML, and measured."""

import re
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.views.flags import Flag
from hotfix_deploy_runner.views.line_chart import Level, Line, LineChart, line_chart

START = 1_795_402_800.0  # 2026-11-23T03:00:00Z
SVG = "{http://www.w3.org/2000/svg}"


def chart(*lines: Line, **more: object) -> LineChart:
    return msgspec.structs.replace(LineChart("Error rate", lines, lambda value: f"{value * 100:g}%"), **more)


def line(*values: float | None, role: str = "new", every: float = 2.0) -> Line:
    return Line("v2.14.4", role, tuple((START + every * n, value) for n, value in enumerate(values)))


def drawn(made: LineChart) -> ElementTree.Element:
    return ElementTree.fromstring(line_chart(made))


def of_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [e for e in root.iter() if name in (e.get("class") or "").split()]


def paths(root: ElementTree.Element) -> list[str]:
    """The joined lines, without the legend's."""
    return [e.get("d") or "" for e in of_class(root, "line") if "L" in (e.get("d") or "")]


def dots(root: ElementTree.Element) -> list[ElementTree.Element]:
    return [e for e in of_class(root, "dot") if e.find(f"{SVG}title") is not None]


def height_of(level: ElementTree.Element) -> float:
    """How far down a horizontal line is."""
    return float((level.get("d") or "").split(",")[1].split("H")[0])


def texts(root: ElementTree.Element) -> list[str]:
    return [e.text or "" for e in root.iter(f"{SVG}text")]


def test_a_higher_value_is_higher_up_and_later_is_to_the_right() -> None:
    (path,) = paths(drawn(chart(line(0.0, 0.5, 1.0))))
    points = [tuple(map(float, pair.split(","))) for pair in re.findall(r"[\d.]+,[\d.]+", path)]
    xs, ys = zip(*points, strict=True)
    assert list(xs) == sorted(xs) and xs[0] == 64.0
    assert list(ys) == sorted(ys, reverse=True)
    assert ys[0] - ys[1] == pytest.approx(ys[1] - ys[2], abs=0.2)


def test_axes_are_labelled_in_utc_and_in_words() -> None:
    said = texts(drawn(chart(line(0.1, 0.2, 0.5))))
    assert said[:2] == ["Error rate", "v2.14.4"]
    assert {"0%", "20%", "60%", "03:00:02", "UTC, 2026-11-23"} <= set(said)


def test_levels_have_their_line_and_label_and_the_limit_is_tinted_above() -> None:
    levels = (Level(0.0003, "baseline 0.03%", "baseline"), Level(0.05, "limit 5.00%", "limit"))
    root = drawn(chart(line(0.0, 0.1), levels=levels))
    assert {"baseline 0.03%", "limit 5.00%"} <= set(texts(root))
    limit, baseline = (height_of(of_class(root, name)[0]) for name in ("limit", "baseline"))
    assert limit < baseline
    (over,) = of_class(root, "over")
    assert float(over.get("y") or 0) + float(over.get("height") or 0) == pytest.approx(limit, abs=0.2)


def test_labels_of_levels_that_are_close_do_not_cover_each_other() -> None:
    levels = (Level(0.0500, "baseline", "baseline"), Level(0.0501, "limit", "limit"))
    labels = of_class(drawn(chart(line(0.0, 0.1), levels=levels)), "label")
    one, two = (float(label.get("y") or 0) for label in labels)
    assert abs(one - two) >= 14


def test_a_level_over_every_value_is_still_on_the_chart() -> None:
    root = drawn(chart(line(0.0, 0.001), levels=(Level(0.05, "limit", "limit"),)))
    (label,) = of_class(root, "label")
    assert 64 < float(label.get("y") or 0) < 304


def test_time_of_which_nothing_is_known_is_a_gap() -> None:
    assert len(paths(drawn(chart(line(0.1, 0.2, None, 0.3, 0.4))))) == 2
    far = Line("v", "new", ((START, 0.1), (START + 2, 0.1), (START + 60, 0.1), (START + 62, 0.1)))
    assert len(paths(drawn(chart(far, gap=6.0)))) == 2
    assert len(paths(drawn(chart(far, gap=60.0)))) == 1


def test_every_point_has_a_dot_that_says_its_value_unless_there_are_too_many() -> None:
    root = drawn(chart(line(0.1, None, 0.4444)))
    assert [dot[0].text for dot in dots(root)] == [
        "v2.14.4, 2026-11-23T03:00:00Z: 10%",
        "v2.14.4, 2026-11-23T03:00:04Z: 44.44%",
    ]
    assert not dots(drawn(chart(line(*[0.1] * 200))))
    assert len(dots(drawn(chart(line(*[0.1] * 200, None, 0.5))))) == 1, "one by itself would be invisible"


def test_flags_are_lines_down_to_the_axis() -> None:
    root = drawn(
        chart(line(0.1, 0.2), flags=(Flag(START + 2, "breached", "bad"), Flag(START + 30, "restored", "good")))
    )
    assert {"breached", "restored"} <= set(texts(root))
    assert len(of_class(root, "pole")) == 2


def test_a_share_does_not_go_over_all_of_it() -> None:
    assert "150%" not in texts(drawn(chart(line(0.5, 1.0), ceiling=1.0)))
    assert "150%" in texts(drawn(chart(line(0.5, 1.0))))


def test_nothing_measured_is_no_chart() -> None:
    assert line_chart(chart(line(None, None))) == ""
    assert line_chart(chart()) == ""


def test_names_cannot_break_out_and_what_xml_forbids_is_replaced() -> None:
    evil = Line('</text><script x="1">&\x07', "new", ((START, 0.1),))
    root = drawn(chart(evil, title='"><script>'))
    assert not list(root.iter(f"{SVG}script"))
    assert '</text><script x="1">&\ufffd' in texts(root)


def test_it_fetches_nothing_and_knows_light_and_dark() -> None:
    text = line_chart(chart(line(0.1)))
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"url\(|@import|@font-face|<script|<image|href", text)
    assert "prefers-color-scheme:dark" in text


values = st.lists(st.one_of(st.none(), st.floats(0, 1e6)), min_size=1, max_size=120)


@given(values, st.floats(0.01, 1e5))
def test_whatever_is_drawn_is_on_the_paper(given_values: list[float | None], every: float) -> None:
    text = line_chart(chart(line(*given_values, every=every), gap=1e9))
    if not text:
        assert all(value is None for value in given_values)
        return
    root = ElementTree.fromstring(text)
    width, height = (float(root.get(name) or 0) for name in ("width", "height"))
    for dot in of_class(root, "dot"):
        assert 0 <= float(dot.get("cx") or -1) <= width
        assert 0 <= float(dot.get("cy") or -1) <= height
