"""The front door: which command is meant, what help costs, what a wrong word does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hotfix_deploy_runner import __version__
from hotfix_deploy_runner.cli.front import COMMANDS
from hotfix_deploy_runner.cli.main import main

SCRIPTS = Path(sys.executable).parent
PROGRAM = SCRIPTS / "hotfix-deploy-runner"
HEAVY = (
    "asyncio",
    "msgspec",
    "pydantic",
    "rich",
    "httpx2",
    "hotfix_deploy_runner.platforms",
    "hotfix_deploy_runner.wiring",
)


def invoke(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, arguments)
    return done.exit_code, done.output


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_bare_or_asked_it_prints_help_with_every_command(arguments: tuple[str, ...]) -> None:
    _, told = invoke(*arguments)
    assert "Usage: main [OPTIONS] COMMAND" in told
    assert all(f"\n  {name} " in told for name in COMMANDS)
    assert "rollback-deploy-auto --version v2.14.3" in told


def test_the_version_is_told_by_name() -> None:
    assert invoke("--version") == (0, f"hotfix-deploy-runner, version {__version__}\n")


def test_an_option_first_means_a_deploy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOTFIX_BRANCH", raising=False)
    code, told = invoke("--target", "production")
    assert code == 2 and "Usage: main deploy" in told and "Missing option '--branch'" in told


def test_an_option_in_front_never_reaches_another_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`--target staging rollback` must not roll anything back, production least of all."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOTFIX_BRANCH", "hotfix/x")
    code, told = invoke("--target", "staging", "rollback")
    assert code == 2 and "Usage: main deploy" in told and "unexpected extra argument (rollback)" in told


def test_an_unknown_command_is_an_error_of_usage() -> None:
    code, told = invoke("destroy")
    assert code == 2 and "No such command 'destroy'" in told


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_found_and_its_line_in_help_is_there_without_importing_it(name: str) -> None:
    code, told = invoke(name, "--help")
    assert code == 0 and f"Usage: main {name}" in told


def loaded(*arguments: str, cwd: Path) -> set[str]:
    """The modules that a command has imported when it ends."""
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('\\n'.join(sys.modules), file=sys.stderr))\n"
        "from hotfix_deploy_runner.cli.front import main\n"
        f"sys.argv[1:] = {list(arguments)!r}\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=True)
    assert done.stdout, "the command said nothing"
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("status",), ("runs",)])
def test_what_has_to_be_quick_imports_nothing_heavy(arguments: tuple[str, ...], checkout: Path) -> None:
    assert loaded(*arguments, cwd=checkout) & set(HEAVY) == set()


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("status",)])
def test_what_has_to_be_quickest_does_without_click_and_says_the_same(
    arguments: tuple[str, ...], checkout: Path
) -> None:
    assert {"click", "hotfix_deploy_runner.core.events"} & loaded(*arguments, cwd=checkout) == set()
    quick = subprocess.run([PROGRAM, *arguments], cwd=checkout, capture_output=True, text=True, check=True).stdout
    code = (
        f"from hotfix_deploy_runner.cli.main import main; main({list(arguments)!r}, prog_name='hotfix-deploy-runner')"
    )
    assert subprocess.check_output([sys.executable, "-c", code], cwd=checkout, text=True) == quick != ""


@pytest.mark.parametrize("argument", ["--help", "--version", "status"])
def test_a_reader_that_has_gone_away_is_no_bug(argument: str, checkout: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([PROGRAM, argument], cwd=checkout, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_status_outside_of_a_repository_ends_with_2_and_says_why(tmp_path: Path) -> None:
    alone = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    done = subprocess.run([PROGRAM, "status"], cwd=tmp_path, capture_output=True, text=True, check=False, env=alone)
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.startswith("Error: ")


def test_the_other_name_is_the_rollback() -> None:
    done = subprocess.run([SCRIPTS / "rollback-deploy-auto", "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: rollback-deploy-auto [OPTIONS]")
    assert "It never asks." in done.stdout


@pytest.mark.parametrize("command", [("status",), ("runs",), ("plan", "--branch", "x"), ("rollback",)])
def test_outside_of_a_repository_it_is_said_and_nothing_else(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    code, told = invoke(*command)
    assert code == 2 and told.startswith("Error: ") and "Traceback" not in told
