"""Counts from a CSV file: what they become, and what is wrong in which line."""

from pathlib import Path

import pytest

from hotfix_deploy_runner.doors.counts import read_counts
from hotfix_deploy_runner.errors import UsageError

HEAD = "time,revision,instance,requests,errors"


def file(folder: Path, *lines: str) -> Path:
    path = folder / "counts.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_rows_of_one_time_are_one_reading_since_the_time_before(tmp_path: Path) -> None:
    path = file(tmp_path, HEAD, "10,v1,a,100,1", "10,v2,b,90,2", "", "14,v1,a,100,0")
    first, second = read_counts(path, 2.0)
    assert (first.start, first.end, second.start, second.end) == (6.0, 10.0, 10.0, 14.0)
    assert [(s.version, s.instance, s.requests, s.errors) for s in first.samples] == [
        ("v1", "a", 100, 1),
        ("v2", "b", 90, 2),
    ]


def test_one_name_on_two_revisions_is_two_instances(tmp_path: Path) -> None:
    (reading,) = read_counts(file(tmp_path, HEAD, "10,v1,a,1,0", "10,v2,a,1,0"), 2.0)
    assert len({sample.incarnation for sample in reading.samples}) == 2 and reading.length == 2.0


def test_times_are_seconds_or_iso_and_slow_is_a_part_of_the_requests(tmp_path: Path) -> None:
    path = file(tmp_path, f"{HEAD},slow", "2026-11-23T03:00:00Z,v1,a,10,0,3", "2026-11-23T04:00:02+01:00,v1,a,10,0,0")
    first, second = read_counts(path, 2.0)
    assert second.end - first.end == 2.0
    assert first.samples[0].latency is not None and first.samples[0].latency.counts == (7, 0, 3)


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        ([], 1, "the first line has to be"),
        (["time,version,instance,requests,errors"], 1, "the first line has to be"),
        ([HEAD, "10,v1,a,1"], 2, "4 columns where the head has 5"),
        ([HEAD, "10,v1,a,1,0,0"], 2, "6 columns where the head has 5"),
        ([HEAD, "10,v1,a,1,0", "", "soon,v1,a,1,0"], 4, "not 'soon'"),
        ([HEAD, "nan,v1,a,1,0"], 2, "'nan' is no time"),
        ([HEAD, "-1,v1,a,1,0"], 2, "'-1' is no time"),
        ([HEAD, "10,,a,1,0"], 2, "no revision"),
        ([HEAD, "10,v1,,1,0"], 2, "no instance"),
        ([HEAD, "10,v1,a,many,0"], 2, "requests has to be a whole number, not 'many'"),
        ([HEAD, "10,v1,a,1.5,0"], 2, "not '1.5'"),
        ([HEAD, "10,v1,a,-1,0"], 2, "not '-1'"),
        ([HEAD, "10,v1,a,1,2"], 2, "2 errors in 1 requests"),
        ([f"{HEAD},slow", "10,v1,a,1,0,2"], 2, "2 slow in 1 requests"),
        ([HEAD, "10,v1,a,1,0", "9,v1,a,1,0"], 3, "before that of the line above"),
        ([HEAD, "10,v1,a,1,0", "10,v1,a,1,0"], 3, "has that time already"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, lines: list[str], line: int, what: str) -> None:
    path = file(tmp_path, *lines)
    with pytest.raises(UsageError) as failure:
        read_counts(path, 2.0)
    assert failure.value.message.startswith(f"{path}, line {line}: ") and what in failure.value.message


def test_a_file_that_is_not_there_is_no_text_or_has_no_counts_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_counts(tmp_path / "none.csv", 2.0)
    (tmp_path / "odd.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read"):
        read_counts(tmp_path / "odd.csv", 2.0)
    with pytest.raises(UsageError, match="has no counts"):
        read_counts(file(tmp_path, HEAD), 2.0)
