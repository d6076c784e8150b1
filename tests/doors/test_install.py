"""Environments are made once for everything that is equal, by real commands."""

import asyncio
from pathlib import Path

import pytest

from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.install import Installer, Setup
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import CheckFailed, CommandFailed

COUNTING = "mkdir -p $HOTFIX_ENV && cat requirements.txt > $HOTFIX_ENV/installed && echo made >> {made}"


@pytest.fixture
def installer(tmp_path: Path) -> Installer:
    return Installer(Commands(Redactor(["hunter2-hunter2"])), tmp_path / "caches")


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(COUNTING.format(made=tmp_path / "made"), ("requirements.txt",), 20.0)


def tree(directory: Path, name: str, requirements: str = "a==1\n") -> Path:
    made = directory / name
    made.mkdir()
    (made / "requirements.txt").write_text(requirements)
    return made


def install(installer: Installer, at: Path, setup: Setup) -> Path:
    return asyncio.run(installer.install(at, setup, at.parent / "log"))


def made(directory: Path) -> int:
    return len((directory / "made").read_text().splitlines())


def test_equal_inputs_share_one_environment(tmp_path: Path, installer: Installer, setup: Setup) -> None:
    one = install(installer, tree(tmp_path, "one"), setup)
    assert install(installer, tree(tmp_path, "two"), setup) == one
    assert one.parent == tmp_path / "caches"
    assert (one / "installed").read_text() == "a==1\n"
    assert made(tmp_path) == 1


def test_other_inputs_or_another_command_make_another(tmp_path: Path, installer: Installer, setup: Setup) -> None:
    one, two = tree(tmp_path, "one"), tree(tmp_path, "two", "a==2\n")
    other = Setup(f"{setup.command} && true", setup.inputs)
    environments = {install(installer, one, setup), install(installer, two, setup), install(installer, one, other)}
    assert len(environments) == 3


def test_the_same_contents_under_another_name_make_another(tmp_path: Path, installer: Installer) -> None:
    at = tree(tmp_path, "one")
    (at / "other.txt").write_text("a==1\n")
    first = install(installer, at, Setup("mkdir $HOTFIX_ENV", ("requirements.txt",)))
    assert install(installer, at, Setup("mkdir $HOTFIX_ENV", ("other.txt",))) != first


def test_without_inputs_each_tree_has_its_own(tmp_path: Path, installer: Installer, setup: Setup) -> None:
    own = Setup(setup.command)
    one, two = tree(tmp_path, "one"), tree(tmp_path, "two")
    assert install(installer, one, own) == one / ".hotfix-env"
    assert install(installer, two, own) == two / ".hotfix-env"
    assert install(installer, one, own) == one / ".hotfix-env"
    assert made(tmp_path) == 2


def test_a_trees_own_is_made_again_when_the_command_changed(tmp_path: Path, installer: Installer, setup: Setup) -> None:
    at = tree(tmp_path, "one")
    install(installer, at, Setup(setup.command))
    install(installer, at, Setup(f"{setup.command}; true"))
    assert made(tmp_path) == 2


def test_without_a_command_it_is_only_a_path(tmp_path: Path, installer: Installer) -> None:
    at = tree(tmp_path, "one")
    assert install(installer, at, Setup()) == at / ".hotfix-env"
    assert not (at / ".hotfix-env").exists()


def test_a_failure_shows_the_last_lines_without_secrets_and_the_log(tmp_path: Path, installer: Installer) -> None:
    failing = Setup("echo token hunter2-hunter2; echo no such package >&2; exit 3", ("requirements.txt",))
    with pytest.raises(CommandFailed, match="setup exited with 3") as failure:
        install(installer, tree(tmp_path, "one"), failing)
    assert failure.value.detail == f"token [redacted]\nno such package\nlog: {tmp_path / 'log'}"
    assert "no such package" in (tmp_path / "log").read_text()


def test_an_unfinished_one_is_removed_and_made_again(tmp_path: Path, installer: Installer) -> None:
    at = tree(tmp_path, "one")
    failing = "mkdir $HOTFIX_ENV && touch $HOTFIX_ENV/half && test -e allowed && touch $HOTFIX_ENV/whole"
    with pytest.raises(CommandFailed):
        install(installer, at, Setup(failing))
    (at / "allowed").touch()
    environment = install(installer, at, Setup(failing))  # mkdir would fail if it were still there
    assert (environment / "whole").exists()


def test_one_that_takes_too_long_is_ended(tmp_path: Path, installer: Installer) -> None:
    with pytest.raises(CommandFailed, match=r"setup ran longer than 0\.2 s"):
        install(installer, tree(tmp_path, "one"), Setup("sleep 60", timeout=0.2))


def test_a_missing_input_is_named(tmp_path: Path, installer: Installer) -> None:
    with pytest.raises(CheckFailed, match=r"the input uv\.lock cannot be read"):
        install(installer, tree(tmp_path, "one"), Setup("true", ("requirements.txt", "uv.lock")))


def test_two_at_once_make_it_once(tmp_path: Path, setup: Setup) -> None:
    async def story() -> None:
        installers = [Installer(Commands(Redactor()), tmp_path / "caches") for _ in range(4)]
        slow = Setup(f"sleep 0.2; {setup.command}", setup.inputs)
        at = tree(tmp_path, "one")
        environments = await asyncio.gather(*(i.install(at, slow, tmp_path / "log") for i in installers))
        assert len(set(environments)) == 1

    asyncio.run(story())
    assert made(tmp_path) == 1


def test_one_that_waits_can_be_cancelled_and_a_cancelled_one_lets_the_next_in(
    tmp_path: Path, installer: Installer, setup: Setup
) -> None:
    async def story() -> None:
        at = tree(tmp_path, "one")
        begun = tmp_path / "begun"
        hanging = Setup(f"touch {begun}; test -e allowed || sleep 60; {setup.command}", setup.inputs)
        first = asyncio.create_task(installer.install(at, hanging, tmp_path / "log"))
        async with asyncio.timeout(5):
            while not begun.exists():
                await asyncio.sleep(0.01)
        waiting = asyncio.create_task(installer.install(at, hanging, tmp_path / "log"))
        third = asyncio.create_task(installer.install(at, hanging, tmp_path / "log"))
        await asyncio.sleep(0.05)
        waiting.cancel()
        assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], asyncio.CancelledError)
        (at / "allowed").touch()
        first.cancel()
        assert (await asyncio.wait_for(third, 10) / "installed").exists()
        assert first.cancelled()

    asyncio.run(story())
