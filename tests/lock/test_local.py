import contextlib
import fcntl
import json
import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.processes import wait_for

from hotfix_deploy_runner.errors import HotfixError, LockHeld
from hotfix_deploy_runner.lock.files import LockFiles
from hotfix_deploy_runner.lock.local import Lease, LocalLocks

FIRST = 1_795_402_801
"""The first fence by the clock of these tests."""
BOTH = ("staging", "production")
FORK = multiprocessing.get_context("fork")

HOLD = """
import sys, pathlib
from hotfix_deploy_runner.lock.local import LocalLocks
lease = LocalLocks(pathlib.Path(sys.argv[1])).acquire(sys.argv[3:], sys.argv[2], "bob")
print(lease.fence, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state" / "locks"


@pytest.fixture
def locks(directory: Path) -> LocalLocks:
    return LocalLocks(directory, host="here", clock=lambda: 1_795_402_800.0)


@contextlib.contextmanager
def other_process(directory: Path, run: str, *environments: str) -> Iterator[subprocess.Popen[str]]:
    """A real process that holds `environments` until it is ended."""
    argv = [sys.executable, "-c", HOLD, str(directory), run, *environments]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip().isdigit()
        try:
            yield process
        finally:
            process.kill()


def edit(directory: Path, environment: str, **changes: Any) -> None:
    """Change what stands in a lock file, as time, a reboot or another machine would."""
    path = directory / f"{environment}.lock.json"
    record = json.loads(path.read_text())
    process = changes.pop("process", {})
    record |= changes
    record["process"] |= process
    path.write_text(json.dumps(record))


def test_what_was_never_held_is_free(locks: LocalLocks, directory: Path) -> None:
    assert locks.holder("production") is None
    assert not directory.exists()


def test_a_lease_names_what_it_holds(locks: LocalLocks) -> None:
    lease = locks.acquire(BOTH, "r1", "ada", "auth bypass")
    assert lease == Lease(BOTH, fence=FIRST, run="r1")
    assert lease.taken_from is None
    assert locks.still_ours(lease)
    for environment in BOTH:
        holder = locks.holder(environment)
        assert holder is not None
        assert (holder.state, holder.run, holder.operator, holder.alive) == ("held", "r1", "ada", True)
        assert (holder.host, holder.pid, holder.since, holder.fence) == ("here", os.getpid(), 1_795_402_800.0, FIRST)
        assert holder.reason == "auth bypass"


def test_a_second_run_is_told_who_holds_it(locks: LocalLocks) -> None:
    locks.acquire(["production"], "r1", "ada")
    with pytest.raises(LockHeld, match="another run holds production") as failure:
        locks.acquire(["production"], "r2", "bob")
    for word in ("run r1", "ada", "here", str(os.getpid()), "2026-11-23T03:00:00Z"):
        assert word in failure.value.detail
    assert failure.value.next_step == "hotfix-deploy-runner status"
    assert failure.value.exit_code == 7


@pytest.mark.parametrize("held", BOTH)
def test_all_or_none(locks: LocalLocks, held: str) -> None:
    locks.acquire([held], "r1", "ada")
    with pytest.raises(LockHeld):
        locks.acquire(BOTH, "r2", "bob")
    (other,) = set(BOTH) - {held}
    assert locks.holder(other) is None


def test_different_environments_do_not_hinder_each_other(locks: LocalLocks) -> None:
    one, two = locks.acquire(["staging"], "r1", "ada"), locks.acquire(["production"], "r2", "bob")
    assert locks.still_ours(one)
    assert locks.still_ours(two)


def test_a_fence_counts_up_for_ever_and_is_the_same_for_all(locks: LocalLocks) -> None:
    for expected in (FIRST, FIRST + 1, FIRST + 2):
        lease = locks.acquire(["staging"], "r", "ada")
        assert lease.fence == expected
        assert locks.release(lease)
    lease = locks.acquire(BOTH, "r", "ada")
    assert lease.fence == FIRST + 3
    locks.release(lease)
    assert locks.acquire(["production"], "r", "ada").fence == FIRST + 4


def test_an_environment_named_twice_is_taken_once(locks: LocalLocks) -> None:
    assert locks.acquire(["staging", "staging"], "r1", "ada").environments == ("staging",)


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "", "ünï ☃", "a.lock.json", "-rf", "%2F"])
def test_any_name_is_only_a_name(locks: LocalLocks, directory: Path, name: str) -> None:
    lease = locks.acquire([name, "other"], "r1", "ada")
    assert locks.still_ours(lease)
    assert len(list(directory.glob("*.lock.json"))) == 2
    assert [p.name for p in directory.parent.iterdir()] == ["locks"]


# Giving back


def test_what_is_released_is_free(locks: LocalLocks) -> None:
    lease = locks.acquire(BOTH, "r1", "ada")
    assert locks.release(lease)
    assert [locks.holder(environment) for environment in BOTH] == [None, None]
    assert not locks.still_ours(lease)
    assert locks.acquire(BOTH, "r2", "bob").taken_from is None


def test_only_the_holder_releases(locks: LocalLocks) -> None:
    first = locks.acquire(BOTH, "r1", "ada")
    second = locks.acquire(["production"], "r2", "bob", takeover=True)
    assert not locks.still_ours(first)
    assert not locks.release(first)
    assert locks.still_ours(second)
    assert locks.holder("staging") is None
    assert not locks.release(first)
    assert not locks.suspend(first, "late")
    assert locks.still_ours(second)


def test_an_old_lease_of_the_same_run_is_not_its_new_one(locks: LocalLocks) -> None:
    old = locks.acquire(["production"], "r1", "ada")
    new = locks.acquire(["production"], "r1", "ada", takeover=True)
    assert not locks.release(old)
    assert locks.still_ours(new)


# Suspended


def test_a_suspended_lock_keeps_others_out_though_its_process_is_gone(locks: LocalLocks, directory: Path) -> None:
    lease = locks.acquire(BOTH, "r1", "ada")
    assert locks.suspend(lease, "2 of 3 pods on v2.14.4")
    edit(directory, "production", process={"started": "1"})
    holder = locks.holder("production")
    assert holder is not None
    assert (holder.state, holder.alive) == ("suspended", False)
    with pytest.raises(LockHeld, match="run r1 left production unfinished") as failure:
        locks.acquire(["production"], "r2", "bob")
    assert "2 of 3 pods on v2.14.4" in failure.value.detail
    assert not locks.still_ours(lease)
    assert not locks.release(lease)


def test_a_suspended_lock_is_taken_back_by_its_own_run(locks: LocalLocks) -> None:
    locks.suspend(locks.acquire(BOTH, "r1", "ada"), "unfinished")
    lease = locks.acquire(BOTH, "r1", "bob")
    assert (lease.fence, lease.taken_from) == (FIRST + 1, "r1")
    holder = locks.holder("production")
    assert holder is not None
    assert (holder.state, holder.why) == ("held", "")


def test_a_suspended_lock_can_be_taken_over_on_purpose(locks: LocalLocks) -> None:
    locks.suspend(locks.acquire(BOTH, "r1", "ada"), "unfinished")
    lease = locks.acquire(BOTH, "r2", "bob", takeover=True)
    assert (lease.fence, lease.taken_from) == (FIRST + 1, "r1")
    assert locks.still_ours(lease)


# Other processes, and dead ones


def test_a_living_process_keeps_its_lock(locks: LocalLocks, directory: Path) -> None:
    with other_process(directory, "r1", *BOTH) as process:
        holder = locks.holder("production")
        assert holder is not None
        assert (holder.pid, holder.alive) == (process.pid, True)
        with pytest.raises(LockHeld):
            locks.acquire(BOTH, "r2", "ada")


def test_a_killed_process_loses_its_lock_and_is_named(locks: LocalLocks, directory: Path) -> None:
    with other_process(directory, "r1", *BOTH) as process:
        process.send_signal(signal.SIGKILL)
    holder = locks.holder("production")
    assert holder is not None
    assert (holder.run, holder.alive) == ("r1", False)
    lease = locks.acquire(BOTH, "r2", "ada")
    assert (lease.fence, lease.taken_from, lease.taken) == (
        holder.fence + 1,
        "r1",
        {"staging": "r1", "production": "r1"},
    )


def test_a_zombie_is_dead(locks: LocalLocks, directory: Path) -> None:
    with other_process(directory, "r1", "production") as process:
        os.kill(process.pid, signal.SIGKILL)  # and not waited for
        stat_file = Path(f"/proc/{process.pid}/stat")
        wait_for(lambda: stat_file.read_text().rpartition(")")[2].split()[0] == "Z", "the zombie")
        assert locks.acquire(["production"], "r2", "ada").taken_from == "r1"


def test_a_holder_that_does_not_answer_is_taken_over_on_purpose(locks: LocalLocks, directory: Path) -> None:
    with other_process(directory, "r1", *BOTH):
        before = _fence(directory)
        lease = locks.acquire(BOTH, "r2", "ada", takeover=True)
        assert (lease.fence, lease.taken_from) == (before + 1, "r1")
        assert locks.still_ours(lease)


def test_of_several_runs_the_one_nearest_to_customers_is_named(locks: LocalLocks) -> None:
    locks.acquire(["staging"], "r1", "ada")
    locks.acquire(["production"], "r2", "bob")
    lease = locks.acquire(BOTH, "r3", "eve", takeover=True)
    assert (lease.taken_from, lease.taken) == ("r2", {"staging": "r1", "production": "r2"})


@pytest.mark.parametrize(
    ("process", "alive"),
    [
        ({"started": "1"}, False),  # the id was given to another process
        ({"boot": "another boot"}, False),  # this machine was booted since
        ({"boot": "another boot", "host": "elsewhere"}, True),  # another machine: nobody knows
        ({"space": "pid:[1]", "started": "1"}, True),  # another container: nobody knows
        ({"host": "renamed"}, True),  # the same machine under a new name, and the process is there
        ({"host": "renamed", "started": "1"}, False),
        ({"boot": "", "space": "", "host": "elsewhere"}, True),
    ],
)
def test_who_counts_as_alive(directory: Path, process: dict[str, str], alive: bool) -> None:
    locks = LocalLocks(directory)
    locks.acquire(["production"], "r1", "ada")
    edit(directory, "production", process=process)
    holder = locks.holder("production")
    assert holder is not None
    assert holder.alive is alive
    if alive:
        with pytest.raises(LockHeld):
            locks.acquire(["production"], "r2", "bob")
    else:
        assert locks.acquire(["production"], "r2", "bob").taken_from == "r1"


def contend(directory: Path, name: str, at: float, results: Path) -> None:
    """Try once at the moment `at`; leave the answer in a file, and stay until killed."""
    while time.time() < at:
        pass
    try:
        lease = LocalLocks(directory).acquire(BOTH, name, name)
        answer = f"won {lease.fence}"
    except LockHeld:
        answer = "lost"
    (results / f"{name}.new").write_text(answer)
    (results / f"{name}.new").rename(results / name)
    signal.pause()


@pytest.mark.slow
def test_of_eight_that_try_at_once_one_wins_each_time(directory: Path, tmp_path: Path) -> None:
    before = 0
    for round_ in range(1, 13):
        results = tmp_path / f"round-{round_}"
        results.mkdir()
        at = time.time() + 0.05
        names = [f"r{round_}-{number}" for number in range(8)]
        processes = [FORK.Process(target=contend, args=(directory, name, at, results)) for name in names]
        try:
            for process in processes:
                process.start()
            wait_for(lambda r=results: all((r / n).exists() for n in names), "eight answers", 60)  # type: ignore[misc]
        finally:
            for process in processes:
                process.kill()
            for process in processes:
                process.join()
        answers = sorted((results / name).read_text() for name in names)
        fence = _fence(directory)
        assert answers == ["lost"] * 7 + [f"won {fence}"]
        assert round_ == 1 or fence == before + 1
        before = fence


def churn(directory: Path, name: str, seen: Path, count: int) -> None:
    """Take and give back, noting each fence while holding."""
    locks = LocalLocks(directory)
    while count:
        try:
            lease = locks.acquire(BOTH, name, name)
        except LockHeld:
            continue
        with seen.open("a") as file:
            file.write(f"{lease.fence}\n")
        assert locks.release(lease)
        count -= 1


@pytest.mark.slow
def test_no_fence_is_given_twice_and_each_is_higher(directory: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    processes = [FORK.Process(target=churn, args=(directory, f"r{number}", seen, 25)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    fences = [int(line) for line in seen.read_text().split()]
    assert fences == list(range(fences[0], fences[0] + 100))


@pytest.mark.slow
def test_whoever_is_killed_in_the_middle_leaves_no_half_lock(directory: Path, tmp_path: Path) -> None:
    locks, fence = LocalLocks(directory), int(time.time())
    for _ in range(15):
        process = FORK.Process(target=churn, args=(directory, "victim", tmp_path / "seen", 10**9))
        process.start()
        wait_for(lambda before=fence: _fence(directory) > before + 3, "the victim to be at work")  # type: ignore[misc]
        process.kill()
        process.join()
        assert {holder.state for e in BOTH if (holder := locks.holder(e))} <= {"held"}
        lease = locks.acquire(BOTH, "next", "ada")
        assert lease.fence > fence
        fence = lease.fence
        assert locks.release(lease)


def _fence(directory: Path) -> int:
    return LockFiles(directory).read("production").fence


# Files that are not as they should be


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"fence": "1"}', b'{"state": "odd"}', b"null"])
def test_garbage_is_told_and_never_taken_for_free(locks: LocalLocks, directory: Path, content: bytes) -> None:
    directory.mkdir(parents=True)
    path = directory / "production.lock.json"
    path.write_bytes(content)
    with pytest.raises(LockHeld, match="the lock of production cannot be read") as failure:
        locks.acquire(BOTH, "r1", "ada")
    assert str(path) in failure.value.detail
    holder = locks.holder("production")
    assert holder is not None
    assert holder.state == "unreadable"
    assert str(path) in str(holder)
    assert locks.holder("staging") is None
    assert path.read_bytes() == content
    assert failure.value.next_step == holder.repair == f"mv {path} {path}.broken"


def test_a_lock_that_was_put_aside_goes_on_above_its_fences(locks: LocalLocks, directory: Path) -> None:
    """The platforms have seen them, and refuse whoever comes with less."""
    clock = iter(range(FIRST, FIRST + 100, 10))
    locks = LocalLocks(directory, clock=lambda: next(clock))
    locks.release(locks.acquire(BOTH, "r1", "ada"))
    lease = locks.acquire(BOTH, "r2", "ada")
    for environment in BOTH:
        (directory / f"{environment}.lock.json").unlink()
    assert locks.acquire(BOTH, "r3", "bob").fence > lease.fence


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    locks = LocalLocks(tmp_path / "file" / "locks")
    with pytest.raises(HotfixError, match="directory of the locks"):
        locks.acquire(["production"], "r1", "ada")
    holder = locks.holder("production")
    assert holder is not None
    assert holder.state == "unreadable"


def test_a_disk_that_fails_half_way_leaves_all_as_it_was(
    locks: LocalLocks, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks.release(locks.acquire(BOTH, "r1", "ada"))
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    real, calls = os.fsync, []

    def full_at_the_third(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full_at_the_third)
    with pytest.raises(HotfixError, match="the lock of production cannot be written") as failure:
        locks.acquire(BOTH, "r2", "bob")
    assert "No space left" in failure.value.detail
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before
    assert locks.acquire(BOTH, "r3", "bob").fence == FIRST + 1


def test_a_process_that_sits_on_the_mutex_is_told_of(directory: Path) -> None:
    directory.mkdir(parents=True)
    with (directory / "mutex").open("w") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        with pytest.raises(LockHeld, match="for too long"), LockFiles(directory, patience=0.1).changing():
            raise AssertionError("two at once")
        assert LocalLocks(directory).holder("production") is None
    with LockFiles(directory, patience=0.1).changing():
        pass


def test_others_may_read_who_holds_it(locks: LocalLocks, directory: Path) -> None:
    before = os.umask(0o022)
    try:
        locks.acquire(["production"], "r1", "ada")
    finally:
        os.umask(before)
    assert stat.S_IMODE((directory / "production.lock.json").stat().st_mode) == 0o644


def test_looking_at_a_lock_imports_no_asyncio() -> None:
    code = "import sys; from hotfix_deploy_runner.lock import local; sys.exit('asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_was_left_half_written_is_removed_by_the_next_to_change_a_lock(tmp_path: Path) -> None:
    half = tmp_path / "staging.lock.4711.new"
    half.write_text("{")
    LocalLocks(tmp_path).acquire(("production",), "r1", "ada")
    assert not half.exists()
