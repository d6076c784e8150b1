"""Silence, measured on one's own clock: from when the value was first seen here, whoever looks and however often."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.shared import sightings
from hotfix_deploy_runner.shared.sightings import Sightings, since_boot


class Clock:
    def __init__(self, now: float = 500.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from("ab")), min_size=1, max_size=20))
def test_it_is_the_time_since_the_value_was_first_seen(
    tmp_path_factory: pytest.TempPathFactory, looks: list[tuple[float, str]]
) -> None:
    path, clock = tmp_path_factory.mktemp("seen") / "sightings.json", Clock()
    before, since = "", 0.0
    for gap, token in looks:
        clock.now += gap
        if token != before:
            before, since = token, clock.now
        # A command of its own each time.
        assert Sightings(path, clock).seen("production", token) == pytest.approx(clock.now - since)


def test_environments_are_apart(tmp_path: Path) -> None:
    clock = Clock()
    seen = Sightings(tmp_path / "new" / "sightings.json", clock)
    seen.seen("staging", "s1")
    clock.now += 10
    assert (seen.seen("production", "p1"), seen.seen("staging", "s1")) == (0, 10)


def test_after_a_reboot_the_time_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock counts from the boot: what was noted before says nothing, whatever it shows now."""
    path, boot = tmp_path / "sightings.json", tmp_path / "boot_id"
    monkeypatch.setattr(sightings, "BOOT_ID", boot)
    boot.write_text("one\n")
    Sightings(path, Clock(10.0)).seen("production", "p1")
    boot.write_text("two\n")
    assert Sightings(path, Clock(9000.0)).seen("production", "p1") == 0


@pytest.mark.parametrize("content", [b"", b"{", b'{"production": 3}', b"\xff"])
def test_what_cannot_be_read_costs_patience_and_nothing_else(tmp_path: Path, content: bytes) -> None:
    path, clock = tmp_path / "sightings.json", Clock()
    path.write_bytes(content)
    assert Sightings(path, clock).seen("production", "p1") == 0
    clock.now += 7
    assert Sightings(path, clock).seen("production", "p1") == 7


def test_a_place_that_cannot_be_written_is_never_silent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    seen = Sightings(tmp_path / "file" / "sightings.json", Clock())
    assert [seen.seen("production", "p1") for _ in range(2)] == [0, 0]


def test_the_clock_is_that_of_the_machine() -> None:
    assert 0 < since_boot() <= since_boot()
