from pathlib import Path

import pytest

from hotfix_deploy_runner.doors import output
from hotfix_deploy_runner.doors.output import Lines, Whole
from hotfix_deploy_runner.doors.redaction import HIDDEN, Redactor

SECRET = b"correct-horse-battery"
REDACT = Redactor([SECRET.decode()])


@pytest.mark.parametrize("seen", range(1, len(SECRET)))
def test_a_secret_at_the_cut_of_an_endless_line_is_taken_out(seen: int, tmp_path: Path) -> None:
    lines = Lines(REDACT, tmp_path / "log")
    lines.take(b"x" * (70_000 - seen) + SECRET[:seen])
    lines.take(SECRET[seen:] + b"y" * 70_000)
    lines.close()
    assert (tmp_path / "log").read_text().replace("\n", "") == "x" * (70_000 - seen) + HIDDEN + "y" * 70_000


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_it_does_not_matter_how_the_bytes_are_cut(size: int, tmp_path: Path) -> None:
    data = "ünï ☃\r\n\n".encode() + SECRET + b"\nno end"
    lines = Lines(REDACT, tmp_path / "log")
    for start in range(0, len(data), size):
        lines.take(data[start : start + size])
    lines.close()
    assert lines.tail == ("ünï ☃", "", HIDDEN, "no end")
    assert (tmp_path / "log").read_bytes().decode() == f"ünï ☃\r\n\n{HIDDEN}\nno end\n"


@pytest.mark.parametrize("log", [True, False])
def test_only_the_last_lines_are_kept(log: bool, tmp_path: Path) -> None:
    lines = Lines(REDACT, tmp_path / "log" if log else None)
    lines.take(b"".join(b"%d\n" % n for n in range(1000)))
    lines.take(b"1000\n")
    assert lines.tail == tuple(map(str, range(961, 1001)))
    lines.close()


def test_a_log_is_full_at_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "LOG_LIMIT", 10)
    lines = Lines(REDACT, tmp_path / "log")
    for _ in range(3):
        lines.take(b"1234567\n")
    lines.close()
    assert (tmp_path / "log").read_text() == "1234567\n12\n[the rest of the output was dropped: the log is full]\n"
    assert lines.tail == ("1234567",) * 3


def test_the_log_can_be_followed(tmp_path: Path) -> None:
    lines = Lines(REDACT, tmp_path / "log")
    lines.take(b"one\ntw")
    assert (tmp_path / "log").read_text() == "one\n"
    lines.close()


def test_whole_output_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "CAPTURE_LIMIT", 5)
    whole = Whole()
    for part in (b"abc", b"def", b"ghi"):
        whole.take(part)
    assert whole.text == "abcde"
