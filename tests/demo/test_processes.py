import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hotfix_deploy_runner.demo import processes as module
from hotfix_deploy_runner.demo.processes import Child, Processes, instances, wait_until
from hotfix_deploy_runner.demo.stop import stop_command
from hotfix_deploy_runner.errors import HotfixError
from hotfix_deploy_runner.platforms.process import liveness

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
ORDERLY = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("told", time.monotonic_ns(), flush=True), sys.exit()))
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path) -> Iterator[None]:
    yield
    Processes(tmp_path).stop(patience=1)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def up(folder: Path, name: str) -> bool:
    return "up" in (folder / f"{name}.log").read_text()


def start(folder: Path, name: str, code: str = ORDERLY, *, keep: bool = False) -> Child:
    child = Processes(folder, keep=keep).start(name, python(code))
    wait_until(lambda: up(folder, name), name)
    return child


def test_children_end_with_the_block(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.start("one", python(ORDERLY))
        wait_until(lambda: up(tmp_path, "one"), "one")
        assert child.alive
    assert not child.alive
    assert "told" in (tmp_path / "one.log").read_text()
    assert processes.children() == []


def test_children_end_when_the_block_raises(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Processes(tmp_path) as processes:
        child = processes.start("one", python(ORDERLY))
        raise KeyboardInterrupt
    assert not child.alive


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_children_end_when_the_demo_is_told_to(tmp_path: Path, number: signal.Signals) -> None:
    demo = f"""
import pathlib, sys, time
from hotfix_deploy_runner.demo.processes import Processes
with Processes(pathlib.Path({str(tmp_path)!r})) as processes:
    processes.start("one", [sys.executable, "-c", {ORDERLY!r}])
    time.sleep(60)
"""
    with subprocess.Popen(python(demo), stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: (tmp_path / "one.log").exists() and up(tmp_path, "one"), "the child")
        child = Processes(tmp_path).children()[0]
        process.send_signal(number)
        assert process.wait(10) == (-number if number == signal.SIGINT else 128 + number)
    assert not child.alive


def test_handlers_are_as_before_after_the_block(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
    with Processes(tmp_path):
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)] == before


def test_kept_children_are_ended_by_another_object_later(tmp_path: Path) -> None:
    with Processes(tmp_path, keep=True):
        child = start(tmp_path, "one", keep=True)
    assert child.alive
    assert Processes(tmp_path).children() == [child]
    Processes(tmp_path).stop()
    assert not child.alive


def test_the_last_started_ends_first(tmp_path: Path) -> None:
    for name in ("front", "traffic"):
        start(tmp_path, name)
    Processes(tmp_path).stop()
    front, traffic = (int((tmp_path / f"{name}.log").read_text().split()[-1]) for name in ("front", "traffic"))
    assert traffic < front


@pytest.mark.slow
def test_a_child_that_ignores_term_is_killed(tmp_path: Path) -> None:
    child = start(tmp_path, "stubborn", STUBBORN)
    Processes(tmp_path).stop(patience=0.3)
    assert not child.alive


def test_another_process_with_the_same_pid_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(python("import time; time.sleep(60)")) as stranger:
        (tmp_path / "processes.json").write_bytes(msgspec.json.encode([Child("front", stranger.pid, ticks=1)]))
        Processes(tmp_path).stop()
        assert stranger.poll() is None
        stranger.kill()


def test_nothing_to_stop_is_no_error(tmp_path: Path) -> None:
    Processes(tmp_path).stop()
    assert Processes(tmp_path).children() == []


def test_a_zombie_does_not_live(tmp_path: Path) -> None:
    child = Processes(tmp_path).start("short", python("pass"))
    wait_until(lambda: not child.alive, "its end")


def test_instances_in_the_folder_end_too_and_others_do_not(tmp_path: Path) -> None:
    inside, outside = tmp_path / "demo", tmp_path / "elsewhere"
    (inside / "production").mkdir(parents=True)
    outside.mkdir()
    marked = {**os.environ, "HOTFIX_INCARNATION": "i1"}
    sleep = ["sleep", "60"]
    with (
        subprocess.Popen(sleep, cwd=inside / "production", env=marked) as ours,
        subprocess.Popen(sleep, cwd=outside, env=marked) as other,
        subprocess.Popen(sleep, cwd=inside) as shell,
    ):
        try:
            # A child shows its own environment only once it has become `sleep`.
            wait_until(lambda: [child.pid for child in instances(inside)] == [ours.pid], "only ours is found")
            Processes(inside).stop()
            assert instances(inside) == []
            assert ours.poll() is not None
            assert (other.poll(), shell.poll()) == (None, None)
        finally:
            for process in (ours, other, shell):
                process.kill()


def test_the_mark_is_the_platforms() -> None:
    assert f"{liveness.MARK}=".encode() == module.MARK


def test_waiting_in_vain_says_for_what() -> None:
    with pytest.raises(HotfixError, match=r"the moon: not within 0.05 s"):
        wait_until(lambda: False, "the moon", 0.05)


@pytest.mark.slow
def test_the_stop_command_ends_a_kept_demo_and_removes_it(tmp_path: Path) -> None:
    folder = tmp_path / "a demo"
    (folder / "origin.git").mkdir(parents=True)
    child = start(folder, "front", keep=True)
    subprocess.run(stop_command(folder), shell=True, check=True, timeout=30)
    assert not child.alive
    assert not folder.exists()


@pytest.mark.slow
def test_the_stop_command_touches_no_other_folder(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("")
    done = subprocess.run(stop_command(tmp_path), shell=True, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (2, f"{tmp_path} holds no demo\n")
    assert (tmp_path / "precious").exists()
