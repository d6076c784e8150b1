"""The git remote as a shared place, held to the contract; and what only git can do to it."""

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.fakes.repository import make_repository
from tests.journal.contract import asking, report
from tests.shared.contention import Make
from tests.shared.contract import CommonsContract, begun, lock, numbered, play

from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.git.objects import Objects
from hotfix_deploy_runner.errors import GitRefused, LockHeld, LockLost, Unreachable
from hotfix_deploy_runner.shared.commons import Change, Commons, Effects
from hotfix_deploy_runner.shared.git_remote import GitCommons, Names


def opened(clone: Path, room: str = "refs/hotfix/") -> GitCommons:
    commands = Commands(str)
    return GitCommons(Objects(clone, commands, timeout=20.0), "origin", Names(room))


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return make_repository(tmp_path).origin


@pytest.fixture
def make_commons(origin: Path) -> Make:
    return partial(opened, origin.with_name("clone"))


class TestGitCommons(CommonsContract):
    rounds = 3


def git(where: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=where, env=None, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def hook(origin: Path, name: str, script: str) -> None:
    path = origin / "hooks" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_nothing_is_left_in_the_clone(origin: Path, make_commons: Make) -> None:
    clone = origin.with_name("clone")
    before = git(clone, "for-each-ref"), git(clone, "status", "--porcelain")

    async def story(commons: Commons) -> None:
        await commons.change(Change(locks={"production": lock("n1")}))
        await commons.change(begun())
        await opened(clone).events(begun().run)

    play(make_commons, story)
    assert (git(clone, "for-each-ref"), git(clone, "status", "--porcelain")) == before


def test_an_effect_comes_with_the_lock_or_not_at_all(origin: Path, make_commons: Make) -> None:
    head = git(origin, "rev-parse", "main")
    effects = Effects((f"{head}:refs/tags/v9",), {"refs/tags/v9": ""})

    async def story(commons: Commons) -> None:
        tokens = await commons.change(Change(locks={"production": lock("n1")}))
        with pytest.raises(LockLost):
            await commons.change(Change({}, {"production": lock("n2")}, effects=effects))
        assert "v9" not in git(origin, "tag")
        await commons.change(Change(tokens, {"production": lock("n3")}, effects=effects))
        assert git(origin, "rev-parse", "v9") == head

    play(make_commons, story)


def test_a_refused_effect_leaves_the_lock_as_it_was(origin: Path, make_commons: Make) -> None:
    hook(origin, "update", 'case "$1" in refs/heads/main) echo protected >&2; exit 1;; esac')
    head = git(origin.with_name("clone"), "commit-tree", "-p", "main", "-m", "x", "main^{tree}")

    async def story(commons: Commons) -> None:
        tokens = await commons.change(Change(locks={"production": lock("n1")}))
        with pytest.raises(GitRefused, match="hook declined"):
            await commons.change(
                Change(tokens, {"production": lock("n2")}, effects=Effects((f"{head}:refs/heads/main",)))
            )
        seen = await commons.look(["production"])
        assert seen["production"].record.nonce == "n1"
        await commons.change(Change(tokens, {"production": lock("n3")}))

    play(make_commons, story)


def test_a_remote_that_is_away_is_unreachable_and_not_lost(origin: Path, make_commons: Make) -> None:
    async def story(commons: Commons) -> None:
        tokens = await commons.change(Change(locks={"production": lock("n1")}))
        origin.rename(origin.with_name("away"))
        calls: list[Callable[[], object]] = [
            lambda: commons.look(["production"]),
            lambda: commons.change(Change(tokens, {"production": lock("n2")})),
            lambda: commons.requests("r1"),
            lambda: commons.events("r1"),
            lambda: commons.runs(),
        ]
        for call in calls:
            with pytest.raises(Unreachable, match="the remote origin does not answer"):
                await call()  # type: ignore[misc]
        origin.with_name("away").rename(origin)
        await commons.change(Change(tokens, {"production": lock("n2")}))

    play(make_commons, story)


def test_a_lock_that_makes_no_sense_says_how_it_is_mended(origin: Path, make_commons: Make) -> None:
    git(origin, "update-ref", "refs/hotfix/lock/production", "main")

    async def story(commons: Commons) -> None:
        with pytest.raises(LockHeld, match="cannot be read") as unread:
            await commons.look(["production"])
        assert unread.value.next_step.startswith("git push origin :refs/hotfix/lock/production")

    play(make_commons, story)


def test_a_request_that_makes_no_sense_does_not_hide_the_others(origin: Path, make_commons: Make) -> None:
    git(origin, "update-ref", "refs/hotfix/requests/r1/odd", strange(origin, "request.json", '{"verb": "dance"}'))

    async def story(commons: Commons) -> None:
        await commons.ask("r1", asking("q-1"))
        assert await commons.requests("r1") == [asking("q-1")]

    play(make_commons, story)


def strange(origin: Path, name: str, content: str) -> str:
    """A commit with one file."""
    (origin.parent / name).write_text(content)
    blob = git(origin, "hash-object", "-w", str(origin.parent / name))
    made = subprocess.run(
        ["git", "mktree"], cwd=origin, input=f"100644 blob {blob}\t{name}\n", capture_output=True, text=True, check=True
    )
    return git(origin, "-c", "user.name=x", "-c", "user.email=x@y", "commit-tree", "-m", "x", made.stdout.strip())


def test_a_host_that_takes_only_branches_can_be_used(origin: Path) -> None:
    hook(origin, "update", 'case "$1" in refs/heads/*|refs/tags/*) ;; *) exit 1;; esac')
    make = partial(opened, origin.with_name("clone"), "refs/heads/hotfix-lock/")

    async def story(commons: Commons) -> None:
        await commons.change(Change(locks={"production": lock("n1")}))
        assert (await commons.look())["production"].record.nonce == "n1"

    play(make, story)
    assert "refs/heads/hotfix-lock/lock/production" in git(origin, "for-each-ref", "--format=%(refname)")


def test_a_chunk_is_a_file_a_push(origin: Path, make_commons: Make) -> None:
    async def story(commons: Commons) -> None:
        first = begun()
        await commons.change(first)
        await commons.change(Change(run=first.run, after=1, events=numbered([report("a"), report("b")], 1)))
        names = git(origin, "ls-tree", "-r", "--name-only", f"refs/hotfix/runs/{first.run}")
        assert names.splitlines() == ["events/00000001-00000001.jsonl", "events/00000002-00000003.jsonl"]

    play(make_commons, story)
