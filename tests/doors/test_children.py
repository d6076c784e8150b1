"""Programs that outlived the process that ran them: real ones, killed for real."""

import asyncio
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.fakes.processes import runs, wait_for

from hotfix_deploy_runner.doors.children import Children, end_orphans
from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.redaction import Redactor

RUNNER = """
import asyncio, sys
from pathlib import Path
from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.redaction import Redactor
folder = Path(sys.argv[1])
asyncio.run(Commands(Redactor(), children=folder).run(sys.argv[2], cwd=folder.parent))
"""


def runner(folder: Path, command: str) -> "subprocess.Popen[bytes]":
    """A process of its own that runs `command` and waits for it."""
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(RUNNER), str(folder), command])


def noted(path: Path) -> int:
    wait_for(lambda: path.exists() and path.read_text().strip() != "", f"{path.name} is written")
    return int(path.read_text())


def test_what_a_dead_process_left_is_ended_to_the_last_child(tmp_path: Path) -> None:
    folder, pid = tmp_path / "children", tmp_path / "pid"
    process = runner(folder, f"trap '' TERM; (sleep 60; :) & echo $! > {pid}; wait; sleep 60")
    grandchild = noted(pid)
    wait_for(lambda: any(folder.glob("*/[0-9]*")), "it is noted")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert runs(grandchild)
    assert asyncio.run(end_orphans(folder, grace=0.2)) == 1
    wait_for(lambda: not runs(grandchild), "the grandchild is gone")
    assert list(folder.iterdir()) == []


def test_what_a_living_process_runs_is_left_alone(tmp_path: Path) -> None:
    folder, pid = tmp_path / "children", tmp_path / "pid"
    process = runner(folder, f"echo $$ > {pid}; exec sleep 60")
    child = noted(pid)
    wait_for(lambda: any(folder.glob("*/[0-9]*")), "it is noted")
    assert asyncio.run(end_orphans(folder)) == 0
    assert runs(child)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert asyncio.run(end_orphans(folder)) == 1


def test_what_has_ended_is_noted_no_more(tmp_path: Path) -> None:
    folder = tmp_path / "children"
    commands = Commands(Redactor(), children=folder)
    assert asyncio.run(commands.run("true", cwd=tmp_path)).ok
    assert list(folder.glob("*/[0-9]*")) == []


def test_a_number_that_was_given_away_since_is_a_strangers(tmp_path: Path) -> None:
    """The note says when the group's leader began: another process with its number is not it."""
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        dead = tmp_path / "children" / "1-1"
        dead.mkdir(parents=True)
        (dead / "owner.json").write_text("no JSON: its writer died while writing")
        (dead / f"{stranger.pid}").write_text("1")
        assert asyncio.run(end_orphans(tmp_path / "children")) == 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_at_a_departure_all_that_runs_is_ended_at_once(tmp_path: Path) -> None:
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    children = Children(tmp_path / "children")
    children.note(child.pid)
    children.kill()
    assert child.wait(5) == -signal.SIGKILL
    children.forget(child.pid)
    children.close()
    assert list((tmp_path / "children").iterdir()) == []
