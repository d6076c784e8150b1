import asyncio

import msgspec
import pytest
from tests.fakes.lab import NEW, OLD
from tests.fakes.target import Target
from tests.fakes.workshop import after, texts

from hotfix_deploy_runner.core.fleet import State
from hotfix_deploy_runner.core.policy import Policy, Rolling
from hotfix_deploy_runner.errors import CheckFailed, PlatformFailed, Superseded
from hotfix_deploy_runner.steps.rollout import Rollout


def test_what_runs_is_recorded_before_anything_is_changed() -> None:
    target = Target(web=2, api=1)
    outcome = target.perform(Rollout(target.platforms).record, "record")
    assert outcome.found == {"running": {"web": {"web-1": "v2.14.3", "web-2": "v2.14.3"}, "api": {"web-1": "v2.14.3"}}}
    assert target.world.calls == []


@pytest.mark.parametrize("name", ["record", "prepare"])
@pytest.mark.parametrize("change", ["another version", "one fewer"])
def test_production_that_somebody_else_has_changed_stops_it(name: str, change: str) -> None:
    target = Target()
    victim = target.world.instances[1].incarnation
    if change == "one fewer":
        target.world.remove(victim)
    else:
        target.world.change(victim, revision=NEW)
    rollout = Rollout(target.platforms)
    with pytest.raises(CheckFailed, match="production/web has changed since this run began") as stopped:
        target.perform(getattr(rollout, name), name)
    assert "web-1 v2.14.3" in stopped.value.detail
    assert target.world.calls == []


def test_one_that_restarted_meanwhile_is_no_change() -> None:
    target = Target()
    target.world.remove(target.world.instances[1].incarnation)
    target.world.begin("web-2", OLD, State.STARTING)
    assert target.perform(Rollout(target.platforms).record, "record").lines == ()


def test_the_artifact_is_brought_everywhere_and_nothing_serves_otherwise() -> None:
    target = Target(web=2, api=1)
    outcome = target.perform(Rollout(target.platforms).prepare, "prepare")
    assert texts(outcome) == ["[OK] Rolling deploy started (3 processes)"]
    for world in target.worlds.values():
        assert world.calls == [("prepare", NEW.version)]
        assert (world.moves[0].new, world.moves[0].old, world.moves[0].fence) == (NEW, OLD, 4)
    assert target.versions() == [OLD.version] * 2


def test_a_batch_shifts_as_far_as_it_says_and_tells_each_instance() -> None:
    target = Target()
    rollout = Rollout(target.platforms)
    first = target.perform(rollout.batch, "batch:production/web:1")
    assert target.versions() == [NEW.version, OLD.version, OLD.version]
    assert [line.text for line in target.said] == ["Process 1/3 healthy"]
    assert len(first.found["incarnations"]) == 1
    target.run = after(target.run, "batch:production/web:1", **first.found)
    second = target.perform(rollout.batch, "batch:production/web:2")
    assert len(second.found["incarnations"]) == 2
    assert [line.text for line in target.said] == ["Process 1/3 healthy", "Process 2/3 healthy"]


def test_a_batch_that_is_done_again_tells_the_same_and_starts_nothing() -> None:
    target = Target()
    rollout = Rollout(target.platforms)
    first = target.perform(rollout.batch, "batch:production/web:1")
    born = target.world.born
    assert target.perform(rollout.batch, "batch:production/web:1") == first
    assert target.world.born == born


def test_instances_of_a_second_platform_are_counted_on() -> None:
    target = Target(Policy(rolling=Rolling(("100%",), 0.0, 1.0)), web=2, api=2)
    target.perform(Rollout(target.platforms).batch, "batch:production/api:1")
    assert [line.text for line in target.said] == ["Process 3/4 healthy", "Process 4/4 healthy"]


def test_a_version_that_does_not_start_fails_its_batch() -> None:
    target = Target()
    target.world.broken = {NEW.version}
    with pytest.raises(PlatformFailed, match="Process web-1 failed: exited with 1"):
        target.perform(Rollout(target.platforms).batch, "batch:production/web:1")
    assert target.said == []


def test_a_run_that_was_taken_over_moves_nothing() -> None:
    target = Target()
    target.world.fence = 5
    with pytest.raises(Superseded):
        target.perform(Rollout(target.platforms).batch, "batch:production/web:1")
    assert target.versions() == [OLD.version] * 3


def test_health_has_to_last_as_long_as_was_asked() -> None:
    rolling = Rolling(min_healthy=0.5, healthy_deadline=5.0)
    target = Target(Policy(rolling=rolling))

    async def timed() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await Rollout(target.platforms).batch(target.step("batch:production/web:1"), target.run, target.work)
        return loop.time() - began

    assert asyncio.run(timed()) >= 0.5


def test_settling_keeps_the_new_version_everywhere() -> None:
    target = Target(web=1, api=1)
    target.perform(Rollout(target.platforms).settle, "settle")
    assert [world.calls for world in target.worlds.values()] == [[("settle", NEW.version)]] * 2


def test_settling_is_refused_to_a_run_that_was_taken_over() -> None:
    target = Target()
    target.run = msgspec.structs.replace(target.run, facts=msgspec.structs.replace(target.run.facts, fence=1))
    target.world.fence = 2
    with pytest.raises(Superseded):
        target.perform(Rollout(target.platforms).settle, "settle")
