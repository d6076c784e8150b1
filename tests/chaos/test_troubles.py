"""What else can happen to a run: the disk fills, the clock jumps, the process is stopped, the journal is read-only."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.chaos.cycle import stopped
from tests.chaos.town import Town
from tests.e2e.bad_input.disk import small_disk
from tests.fakes.processes import wait_for

pytestmark = pytest.mark.slow

DEPLOY = ("--target", "production", "--yes", "--branch")
HOURS = 3 * 3600.0
FIRST_BATCH_IN = "StepEnded:batch:production/web:1"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with Town(tmp_path / "town") as made:
        yield made


def out(town: Town) -> str:
    return (town.folder / "victim.out").read_text()


@pytest.mark.parametrize("jump", [HOURS, -HOURS])
def test_a_clock_that_jumps_in_mid_run_changes_nothing(town: Town, jump: float) -> None:
    town.branch("1")
    run = town.victim(FIRST_BATCH_IN, town.folder / "points", *DEPLOY, "hotfix/1", jump=jump)
    assert run.wait(60) == 0, out(town)
    assert town.version() == "v1.0.1"


@pytest.mark.parametrize("jump", [HOURS, -HOURS])
def test_a_run_is_gone_on_with_on_a_machine_whose_clock_is_hours_off(town: Town, jump: float) -> None:
    town.branch("1")
    run = town.victim(FIRST_BATCH_IN, town.folder / "points", *DEPLOY, "hotfix/1")
    assert stopped(run)
    run.kill()
    run.wait()
    resumed = town.victim(1, town.folder / "points", "resume", jump=jump)
    assert resumed.wait(60) == 0, out(town)
    assert town.version() == "v1.0.1"


def test_a_process_that_was_stopped_for_longer_than_every_limit_goes_on(town: Town) -> None:
    """Its window is 0.3 s, its gates wait 5 s: what it slept through is neither silence nor time watched."""
    town.branch("1")
    run = town.victim(FIRST_BATCH_IN, town.folder / "points", *DEPLOY, "hotfix/1")
    assert stopped(run)
    asleep = time.monotonic()
    wait_for(lambda: time.monotonic() > asleep + 6.0, "every limit has passed")
    os.kill(run.pid, signal.SIGCONT)
    assert run.wait(60) == 0, out(town)
    assert town.version() == "v1.0.1"


def test_a_disk_that_fills_in_mid_rollout_loses_nothing(tmp_path: Path) -> None:
    disk = small_disk(tmp_path / "disk", megabytes=64)
    try:
        with Town(tmp_path / "disk" / "town") as town:
            town.branch("1")
            run = town.victim(FIRST_BATCH_IN, town.folder / "points", *DEPLOY, "hotfix/1")
            assert stopped(run)
            filler = disk.fill(leave=0)
            os.kill(run.pid, signal.SIGCONT)
            code = run.wait(60)
            assert code not in (0, 4), "it cannot have written down that it came to its end"
            filler.unlink()
            assert "the journal cannot be written" in out(town) or "No space left" in out(town), out(town)
            resumed = town.run("resume")
            assert resumed.returncode == 0, resumed.stdout + resumed.stderr
            assert town.version() == "v1.0.1"
    finally:
        disk.close()


def test_a_journal_that_cannot_be_written_is_said_and_touches_nothing(town: Town) -> None:
    town.branch("1")
    run = town.victim(FIRST_BATCH_IN, town.folder / "points", *DEPLOY, "hotfix/1")
    assert stopped(run)
    run.kill()
    run.wait()
    before = sorted(town.versions("production"))
    if subprocess.run(["mount", "--bind", str(town.home), str(town.home)], check=False).returncode != 0:
        pytest.skip("nothing can be mounted here: a read-only journal was not tried")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(town.home)], check=True)
        refused = town.run("resume")
        assert refused.returncode == 1, refused.stdout + refused.stderr
        assert "Read-only file system" in refused.stderr or "readonly database" in refused.stderr, refused.stderr
        assert sorted(town.versions("production")) == before
    finally:
        subprocess.run(["umount", str(town.home)], check=True)
    assert town.run("resume").returncode == 0
    assert town.version() == "v1.0.1"


def test_a_tag_that_the_remote_has_taken_and_nobody_recorded_is_found_again(town: Town) -> None:
    commit = town.branch("1")
    pushed = "StepStarted:tag>after command git push"
    run = town.victim(pushed, town.folder / "points", *DEPLOY, "hotfix/1")
    assert stopped(run)
    run.kill()
    run.wait()
    assert town.repository.head("refs/tags/v1.0.1", cwd=town.repository.origin) == commit
    resumed = town.run("resume")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert f"found on origin at {commit[:7]}: not made again" in resumed.stdout
    tags = town.repository.git("tag", "--points-at", commit, cwd=town.repository.origin).splitlines()
    assert tags == ["v1.0.1", "v1.0.1-rc.1"]
