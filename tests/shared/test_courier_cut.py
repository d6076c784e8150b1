"""Carrying effects to a real remote that is away for a while: nothing is called failed that may have been done."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.fakes.repository import Repository, make_repository

from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.git.objects import Objects
from hotfix_deploy_runner.doors.process_mark import mark
from hotfix_deploy_runner.errors import Unreachable
from hotfix_deploy_runner.journal.store import InboxRequest
from hotfix_deploy_runner.shared.commons import Effects
from hotfix_deploy_runner.shared.courier import Courier
from hotfix_deploy_runner.shared.git_remote import GitCommons
from hotfix_deploy_runner.shared.locks import SharedLocks
from hotfix_deploy_runner.shared.sightings import Sightings

TTL = 90.0
TAG = "refs/tags/v9"


class NoInbox:
    def ask(self, run: str, request: InboxRequest) -> None:
        raise AssertionError("nobody asks")


class Office:
    """A remote that can be away, a clock that a test sets, and a tag that is to be carried."""

    def __init__(self, repository: Repository) -> None:
        self.repository, self.now = repository, 1000.0
        self.tag = Effects((f"{repository.head()}:{TAG}",), {TAG: ""})

    async def courier(self) -> Courier:
        commons = GitCommons(Objects(self.repository.clone, Commands(str)), "origin")
        sightings = Sightings(self.repository.folder / "sightings.json", lambda: self.now)
        process = mark(os.getpid(), "here")
        locks = SharedLocks(commons, process, sightings, ttl=TTL, since_boot=lambda: self.now)
        hold = await locks.take(["production"], "r1", "ada")
        return Courier(commons, hold, NoInbox(), clock=lambda: self.now)

    def leave(self) -> None:
        self.repository.origin.rename(self.repository.folder / "away")

    def return_(self) -> None:
        (self.repository.folder / "away").rename(self.repository.origin)

    def vanish_after_a_push(self) -> Path:
        """From the next push on, once it is done and before it is answered. The hook that does it."""
        origin = self.repository.origin
        hook = origin / "hooks" / "post-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ncat > /dev/null\nmv {origin} {origin.with_name('away')}\nkill -9 $PPID\n")
        hook.chmod(0o755)
        return hook

    @property
    def tags(self) -> str:
        return self.repository.git("tag", "--list", "v9", cwd=self.repository.origin)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(make_repository(tmp_path))


def play(story: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(60):
            await story()

    asyncio.run(within())


async def silence(courier: Courier) -> None:
    """Until the courier has noticed that nobody answers."""
    while not courier.why:
        await asyncio.sleep(0.01)


def test_an_effect_is_sent_again_until_there_is_an_answer(office: Office) -> None:
    async def story() -> None:
        courier = await office.courier()
        office.leave()
        carrying = asyncio.ensure_future(courier.carry(office.tag))
        await silence(courier)
        assert not carrying.done()
        office.return_()
        await carrying
        assert (office.tags, courier.why) == ("v9", "")

    play(story)


def test_an_effect_that_arrived_unheard_has_not_failed(office: Office) -> None:
    """The remote takes it, goes away before it can answer or be asked, and comes back."""

    async def story() -> None:
        courier = await office.courier()
        hook = office.vanish_after_a_push()
        carrying = asyncio.ensure_future(courier.carry(office.tag))
        await silence(courier)
        office.return_()
        hook.unlink()
        assert office.tags == "v9", "it was done before anybody heard of it"
        await carrying
        assert office.tags == "v9"

    play(story)


def test_who_is_called_off_does_not_wait_and_its_effect_is_not_made_later(office: Office) -> None:
    async def story() -> None:
        courier = await office.courier()
        office.leave()
        carrying = asyncio.ensure_future(courier.carry(office.tag))
        await silence(courier)
        carrying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await carrying
        office.return_()
        await courier.carry()
        assert office.tags == ""

    play(story)


def test_once_the_lock_has_run_out_it_is_said_that_nobody_answers(office: Office) -> None:
    async def story() -> None:
        courier = await office.courier()
        office.leave()
        carrying = asyncio.ensure_future(courier.carry(office.tag))
        await silence(courier)
        office.now += TTL
        with pytest.raises(Unreachable):
            await carrying
        office.return_()

    play(story)
