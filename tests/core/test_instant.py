"""Time as a value: read, and said."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hotfix_deploy_runner.core.instant import duration, spoken, utc


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10m", 600),
        ("1m30s", 90),
        ("500ms", 0.5),
        ("2h", 7200),
        ("1.5s", 1.5),
        (30, 30),
        (0, 0),
        ("0s", 0),
        (0.25, 0.25),
    ],
)
def test_durations_as_people_write_them(text: str | float, seconds: float) -> None:
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "10", "ten minutes", "10 m", "-5s", -5, "5d", "m", "1m30", "1m 30s", True, "1e3s"]
)
def test_anything_else_is_no_duration(text: str | float) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration(text)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_parts_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert duration(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (0.42, "0.4 s"),
        (9.94, "9.9 s"),
        (12.4, "12 s"),
        (59.4, "59 s"),
        (60, "1m 00s"),
        (185, "3m 05s"),
        (3599.4, "59m 59s"),
        (3720, "1h 02m"),
    ],
)
def test_a_length_as_a_person_says_it(seconds: float, words: str) -> None:
    assert spoken(seconds) == words


@given(st.floats(0, 360_000))
@example(9.97)
@example(59.7)
@example(3599.7)
def test_no_spoken_length_has_sixty_of_anything(seconds: float) -> None:
    assert not re.search(r"\b60 ?[sm]|10\.0 s", spoken(seconds))


@given(st.integers(0, 4_000_000_000))
def test_an_instant_in_utc_reads_back(at: int) -> None:
    assert datetime.strptime(utc(at), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp() == at
