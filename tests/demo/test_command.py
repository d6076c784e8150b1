"""The demo's command line, where it does not come to a run. Whole demos are in `tests/e2e`."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.fakes.processes import wait_for

from hotfix_deploy_runner.demo.command import command
from hotfix_deploy_runner.demo.scenarios import SCENARIOS


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo makes its folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def demo(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_the_scenarios_are_the_choices() -> None:
    told = demo("--help").output
    assert all(row.name in told for row in SCENARIOS)
    refused = demo("--scenario", "flood")
    assert refused.exit_code == 2 and "'flood' is not one of" in refused.output


def test_what_it_lacks_is_said_and_nothing_is_left_behind(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(elsewhere))
    done = demo()
    assert done.exit_code == 2
    assert "The demo could not be set up: the demo needs git" in done.stderr
    assert list(elsewhere.iterdir()) == []


@pytest.fixture
def slow_git(tmp_path: Path) -> Iterator[Path]:
    """A directory with a `git` that never comes back."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\necho $$ > {tmp_path}/git.pid\nexec sleep 600\n")
    (folder / "git").chmod(0o755)
    yield folder
    pid = tmp_path / "git.pid"
    if pid.exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid.read_text()), signal.SIGKILL)


@pytest.mark.slow
def test_ctrl_c_clears_up_and_ends_with_130(tmp_path: Path, slow_git: Path) -> None:
    world = tmp_path / "world"
    world.mkdir()
    env = {**os.environ, "TMPDIR": str(world), "PATH": f"{slow_git}:{os.environ['PATH']}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "hotfix_deploy_runner", "demo"], env=env, process_group=0, stdout=subprocess.DEVNULL
    )
    wait_for(lambda: (tmp_path / "git.pid").exists() or process.poll() is not None, "the demo is at work")
    assert process.poll() is None and list(world.iterdir())
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) == 130
    assert list(world.iterdir()) == []
