"""The loop, with a real journal: order on disk, draining, requests, failures of every kind."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.fakes.lab import NEW, OLD, Lab, Traffic, easy
from tests.fakes.platform import World

from hotfix_deploy_runner.core.check import Status
from hotfix_deploy_runner.core.ending import ExitCode
from hotfix_deploy_runner.core.events import (
    AnyEvent,
    CourseChanged,
    RequestReceived,
    RunEnded,
    StepEnded,
    StepStarted,
    VerdictReached,
)
from hotfix_deploy_runner.core.run import Run, fold
from hotfix_deploy_runner.core.step import Ended, Step
from hotfix_deploy_runner.core.verdict import Kind
from hotfix_deploy_runner.errors import CheckFailed
from hotfix_deploy_runner.journal.store import InboxRequest
from hotfix_deploy_runner.steps.work import Outcome, Perform, Work


def started(step: str) -> Callable[[AnyEvent], bool]:
    return lambda event: isinstance(event, StepStarted) and event.step == step


def ended(step: str) -> Callable[[AnyEvent], bool]:
    return lambda event: isinstance(event, StepEnded) and event.step == step


def only(lab: Lab, version: str) -> bool:
    return [i.revision.version for i in lab.world.instances] == [version] * lab.world.size


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.005)


def test_a_good_release_goes_live_and_is_told_in_order(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    ending = lab.run()
    assert (ending.code, only(lab, NEW.version)) == (ExitCode.DONE, True)
    assert lab.index(ended("check:tests")) < lab.index(started("candidate-tag"))
    assert lab.index(ended("tag")) < lab.index(started("prepare"))
    assert lab.index(ended("gate:production/web:1")) < lab.index(started("batch:production/web:2"))
    assert lab.index(ended("validate")) < lab.index(started("merge:main"))
    assert [call for call in lab.world.calls if call[0] == "shift"] == [("shift", 1), ("shift", 2), ("shift", 3)]
    assert isinstance(lab.events[-1], RunEnded)


def test_a_breach_is_judged_recorded_and_taken_back(tmp_path: Path) -> None:
    lab = Lab(tmp_path, traffic=Traffic({NEW.version: 0.5}))
    ending = lab.run()
    assert (ending.code, only(lab, OLD.version)) == (ExitCode.ROLLED_BACK, True)
    verdict = next(event for event in lab.events if isinstance(event, VerdictReached))
    assert verdict.verdict.kind is Kind.BREACHED
    on_disk = lab.index(lambda event: isinstance(event, VerdictReached))
    turned = lab.index(lambda event: isinstance(event, CourseChanged))
    assert on_disk < turned < lab.index(started("observe")) < lab.index(started("restore:production/web"))


def test_the_way_back_begins_only_when_work_in_flight_has_been_stopped(tmp_path: Path) -> None:
    """A shift is under way, and slow to stop, when the breach comes."""
    inside = asyncio.Event()

    async def pause(point: str) -> None:
        if point == "start web-2":
            inside.set()
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                for _ in range(20):
                    await asyncio.sleep(0.005)
                raise
        await asyncio.sleep(0)

    lab = Lab(tmp_path, pause=pause)

    async def during(lab: Lab) -> None:
        await inside.wait()
        lab.traffic.error_rates[NEW.version] = 0.6

    ending = lab.run(during=during)
    assert (ending.code, only(lab, OLD.version)) == (ExitCode.ROLLED_BACK, True)
    assert lab.index(ended("batch:production/web:2")) < lab.index(started("observe"))
    stopped = lab.events[lab.index(ended("batch:production/web:2"))]
    assert isinstance(stopped, StepEnded) and stopped.ended is Ended.STOPPED


def test_work_that_does_not_stop_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    release = asyncio.Event()

    async def stubborn(step: Step, run: Run, work: Work) -> Outcome:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return Outcome()

    async def during(lab: Lab) -> None:
        await until(lambda: any(started("batch:production/web:1")(e) for e in lab.events))
        lab.store.ask("run-1", InboxRequest("r1", "rollback", "bob", "", time.time()))
        await until(lambda: any(isinstance(e, RunEnded) for e in lab.events))
        release.set()

    lab = Lab(tmp_path, performers={"batch": stubborn})
    begun = time.monotonic()
    ending = lab.run(during=during)
    assert ending.code == ExitCode.ROLLED_BACK
    assert time.monotonic() - begun < 10
    late = lab.events[lab.index(ended("batch:production/web:1"))]
    assert isinstance(late, StepEnded) and "did not stop within 2 s" in late.lines[0].text
    assert sum(ended("batch:production/web:1")(e) for e in lab.events) == 1


def test_a_new_version_that_does_not_start_is_taken_back(tmp_path: Path) -> None:
    lab = Lab(tmp_path, world=World.running(OLD, broken={NEW.version}))
    ending = lab.run()
    assert (ending.code, only(lab, OLD.version)) == (ExitCode.ROLLED_BACK, True)
    batch = lab.events[lab.index(ended("batch:production/web:1"))]
    assert isinstance(batch, StepEnded) and "exited with 1" in batch.lines[0].text


def test_somebody_else_asks_for_a_rollback(tmp_path: Path) -> None:
    async def during(lab: Lab) -> None:
        await until(lambda: any(ended("batch:production/web:1")(e) for e in lab.events))
        lab.store.ask("run-1", InboxRequest("r1", "rollback", "bob", "customers call", time.time()))

    lab = Lab(tmp_path)
    ending = lab.run(during=during)
    assert (ending.code, only(lab, OLD.version)) == (ExitCode.ROLLED_BACK, True)
    assert "bob" in ending.summary and "customers call" in ending.summary
    assert sum(isinstance(e, RequestReceived) for e in lab.events) == 1
    assert lab.store.requests("run-1") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_production_as_it_is_and_says_so(tmp_path: Path, number: signal.Signals) -> None:
    async def during(lab: Lab) -> None:
        await until(lambda: any(ended("batch:production/web:1")(e) for e in lab.events))
        os.kill(os.getpid(), number)

    ending = Lab(tmp_path).run(during=during)
    assert ending.code == (130 if number is signal.SIGINT else 143)
    assert ending.unfinished and ending.next_step == "hotfix-deploy-runner resume run-1"


def failing(how: Callable[[], Awaitable[Outcome]], at: str) -> Perform:
    async def perform(step: Step, run: Run, work: Work) -> Outcome:
        return await how() if step.id == at else await easy(step, run, work)

    return perform


def test_a_failing_check_hides_no_other_and_stops_before_production(tmp_path: Path) -> None:
    async def fail() -> Outcome:
        raise CheckFailed("Tests pass (46/47)", detail="tests/test_auth.py: 401 != 200")

    lab = Lab(tmp_path, performers={"check": failing(fail, "check:tests")})
    ending = lab.run()
    assert (ending.code, only(lab, OLD.version)) == (ExitCode.STOPPED, True)
    assert ending.production == "Production is untouched: v2.14.3."
    assert fold(lab.events).steps["check:branch"].passed
    assert not any(call[0] in ("prepare", "shift") for call in lab.world.calls)


def test_a_bug_in_a_step_is_a_failed_step_and_is_named(tmp_path: Path) -> None:
    async def bug() -> Outcome:
        raise ZeroDivisionError("oh")

    lab = Lab(tmp_path, performers={"merge": failing(bug, "merge:main")})
    ending = lab.run()
    assert (ending.code, only(lab, NEW.version)) == (ExitCode.UNPROVEN, True)
    line = fold(lab.events).steps["merge:main"].lines[0]
    assert line.status is Status.FAIL and "ZeroDivisionError" in line.text


def test_no_metrics_is_neither_good_nor_bad(tmp_path: Path) -> None:
    """Blind while the fleet is mixed: what is mixed is taken back."""
    lab = Lab(tmp_path, traffic=Traffic(silent=True))
    ending = lab.run()
    assert (ending.code, only(lab, OLD.version)) == (ExitCode.ROLLED_BACK, True)


def test_a_rollback_that_was_asked_for_turns_everything(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    ending = lab.run("rollback")
    assert (ending.code, only(lab, NEW.version)) == (ExitCode.DONE, True)
    assert ending.summary == "Rolled back to v2.14.4."


def test_a_view_sees_every_event_once_with_its_number(tmp_path: Path) -> None:
    class Seen:
        def __init__(self) -> None:
            self.events: list[tuple[int, AnyEvent]] = []

        def event(self, seq: int, event: AnyEvent) -> None:
            self.events.append((seq, event))

    seen = Seen()
    lab = Lab(tmp_path, views=[seen])
    lab.run()
    assert seen.events == lab.store.events("run-1")


def test_a_view_that_fails_is_left_out_and_the_run_goes_on(tmp_path: Path) -> None:
    class Closed:
        calls = 0

        def event(self, seq: int, event: AnyEvent) -> None:
            self.calls += 1
            raise BrokenPipeError("closed")

    closed = Closed()
    lab = Lab(tmp_path, views=[closed])
    assert lab.run().code == ExitCode.DONE
    assert closed.calls == 1
