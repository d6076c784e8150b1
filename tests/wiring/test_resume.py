"""Going on with a run that the team has too: with what is newer there, and without a word from there."""

from pathlib import Path
from typing import Any

import pytest
from tests.fakes.clone import Clone
from tests.fakes.commons import FakeCommons
from tests.fakes.office import Office
from tests.fakes.past import digest
from tests.fakes.platform import World
from tests.fakes.workshop import QUICK, go
from tests.shared.contract import numbered

from hotfix_deploy_runner.core.ending import Ending, ExitCode
from hotfix_deploy_runner.core.events import AnyEvent, CourseChanged, Resumed, RunEnded, StepStarted
from hotfix_deploy_runner.core.fleet import State
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.step import Course
from hotfix_deploy_runner.doors.process_mark import ProcessMark
from hotfix_deploy_runner.errors import Unreachable
from hotfix_deploy_runner.journal.store import InboxRequest
from hotfix_deploy_runner.lock.record import LockRecord
from hotfix_deploy_runner.wiring.conduct import Past
from hotfix_deploy_runner.wiring.resume import abort, resume

RUN = "run-1"
ASKED = InboxRequest("q-1", "abort", "ada", "customers call", 9000.0)


class Left(Clone):
    """One in whose office production is half-way."""

    office: Office


@pytest.fixture
def clone(tmp_path: Path) -> Left:
    """A run has left production half-way, a process of another machine; the team has all of its events."""
    office = Office(tmp_path)
    office.worlds["production"] = World.running(Revision("v1.0.0", "", digest("v1.0.0")), 1)
    made = Left(office.open(), office.found.home, FakeCommons())
    made.office = office
    office.past.run("v1.0.0", "v1.0.1", None, policy=QUICK)
    bob = ProcessMark("host-bob", 7, "99", "boot-bob")
    made.commons.shared.locks["production"] = LockRecord(7, "suspended", RUN, "bob", process=bob, nonce="x")
    made.commons.shared.events[RUN] = numbered(events(made))
    return made


def events(clone: Left) -> list[AnyEvent]:
    return [event for _, event in clone.project.store.events(RUN)]


def there(clone: Left) -> list[AnyEvent]:
    return [one.event for one in clone.commons.shared.events[RUN]]


def aborted(clone: Left) -> Ending:
    past = Past.of(clone.project.store.events(RUN))
    return go(abort(clone.project, past, [], ASKED))


def test_an_abort_brings_it_back_and_the_team_knows(clone: Left) -> None:
    assert aborted(clone).code == ExitCode.ROLLED_BACK
    assert there(clone) == events(clone)
    assert clone.states["production"] == ("free", RUN)


def test_one_blip_in_which_nobody_knows_what_the_team_has_gives_no_way_back_up(clone: Left) -> None:
    """It has the lock by then. What it does is owed."""
    before = there(clone)
    plain = clone.commons.events

    async def silent(*asked: Any, **more: Any) -> Any:
        raise Unreachable("the shared place does not answer")

    clone.commons.events = silent  # type: ignore[method-assign]
    assert aborted(clone).code == ExitCode.ROLLED_BACK
    clone.commons.events = plain  # type: ignore[method-assign]
    assert there(clone) == before and clone.states["production"] == ("free", RUN)
    assert clone.carried.known() == {RUN: 0}


def test_an_abort_waits_for_no_team_and_goes_under_a_fence_above_all(clone: Left) -> None:
    clone.commons.unreachable = True
    assert aborted(clone).code == ExitCode.ROLLED_BACK
    resumed = next(event for event in events(clone) if isinstance(event, Resumed))
    assert resumed.fence > int(clone.clock()) - 60


def test_what_the_team_has_more_of_is_what_is_gone_on_with(clone: Left) -> None:
    """Somebody has brought it to its end meanwhile: there is nothing left to do but to say so."""
    ended = RunEnded(at=8000.0, ending=Ending(ExitCode.ROLLED_BACK, "It is back.", "v1.0.0 runs."))
    more: list[AnyEvent] = [CourseChanged(at=7000.0, course=Course.BACK, why="bad"), ended]
    past = Past.of(clone.project.store.events(RUN))
    clone.commons.shared.events[RUN] = numbered([*there(clone), *more])
    ending = go(resume(clone.project, past, [], accept=True))
    assert ending == ended.ending
    assert events(clone)[3:6] == [events(clone)[3], *more]
    assert clone.office.production() == ["v1.0.0"]


def test_a_tag_that_was_begun_is_reason_to_ask_what_runs(clone: Left) -> None:
    """Its machine was lost before it could tell that a batch had begun; an abort is not to leave that there."""
    clone.commons.shared.events.clear()
    office = clone.office
    name = office.past.run("v1.0.0", "v1.0.1", None, touched=False, policy=QUICK)
    clone.project.store.append(name, 3, [StepStarted(at=9000.0, step="tag")])
    clone.commons.shared.locks["production"] = LockRecord(9, "suspended", name, "bob", nonce="y")
    world = office.worlds["production"]
    world.instances.clear()
    world.begin("web-1", Revision("v1.0.1", "", digest("v1.0.1")), State.READY)
    past = Past.of(clone.project.store.events(name))
    ending = go(abort(clone.project, past, [], ASKED))
    assert (ending.code, office.production()) == (ExitCode.ROLLED_BACK, ["v1.0.0"])
