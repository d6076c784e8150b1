import pytest
from tests.fakes.lab import NEW, OLD
from tests.fakes.target import Target
from tests.fakes.workshop import go, texts

from hotfix_deploy_runner.core.fleet import Role, State
from hotfix_deploy_runner.errors import PlatformFailed, Superseded
from hotfix_deploy_runner.ports import Move
from hotfix_deploy_runner.steps.way_back import WayBack


def shifted(target: Target, count: int, name: str = "web") -> None:
    """So many instances of a platform run NEW."""
    go(target.platforms["production", name].shift(Move(NEW, OLD, 4), count))


def test_what_is_true_is_seen_by_platform() -> None:
    target = Target(web=2, api=2)
    shifted(target, 1)
    outcome = target.perform(WayBack(target.platforms).observe, "observe")
    assert outcome.found == {"web": False, "api": True}
    assert [line.text for line in target.said] == ["Rolling back to v2.14.3 (1 process on v2.14.4)"]


@pytest.mark.parametrize("what", ["draining", "not ready", "one fewer"])
def test_wholly_old_means_everywhere_ready_and_nothing_else(what: str) -> None:
    target = Target()
    last = target.world.instances[-1].incarnation
    if what == "draining":
        target.world.change(target.world.begin("web-1", NEW, State.READY).incarnation, role=Role.DRAINING)
    elif what == "not ready":
        target.world.change(last, state=State.UNREACHABLE)
    else:
        target.world.remove(last)
    assert target.perform(WayBack(target.platforms).observe, "observe").found == {"web": False}


def test_a_platform_that_does_not_answer_is_not_in_what_was_seen() -> None:
    target = Target(web=1, api=1)
    target.world.failures["fleet"] = [PlatformFailed("no answer")]
    assert target.perform(WayBack(target.platforms).observe, "observe").found == {"api": True}
    assert (target.said[0].status, target.said[0].text) == ("WARN", "no answer")


@pytest.mark.parametrize("count", [0, 1, 3])
def test_every_instance_is_on_the_old_version_again(count: int) -> None:
    target = Target()
    if count:
        shifted(target, count)
    outcome = target.perform(WayBack(target.platforms).restore, "restore:production/web")
    assert target.versions() == [OLD.version] * 3
    assert texts(outcome) == ["[OK] v2.14.3 verified everywhere (3 processes healthy)"]
    assert outcome.found == {"count": 3}


def test_where_new_ones_failed_the_old_one_is_back_too() -> None:
    target = Target()
    target.world.broken = {NEW.version}
    shifted(target, 1)
    assert any(i.state is State.FAILED for i in target.world.instances)
    target.perform(WayBack(target.platforms).restore, "restore:production/web")
    assert target.versions() == [OLD.version] * 3


def test_an_old_version_that_does_not_come_back_is_said() -> None:
    target = Target()
    shifted(target, 2)
    target.world.broken = {OLD.version}
    with pytest.raises(PlatformFailed, match=r"v2\.14\.3 cannot be brought back"):
        target.perform(WayBack(target.platforms).restore, "restore:production/web")


def test_old_ones_that_are_not_healthy_are_not_called_verified() -> None:
    target = Target()
    target.world.sicken(OLD.version)
    target.platforms["production", "web"].shift = _nothing  # type: ignore[method-assign]
    with pytest.raises(PlatformFailed, match="not healthy within"):
        target.perform(WayBack(target.platforms).restore, "restore:production/web")


def test_a_new_one_that_never_goes_is_not_called_verified_everywhere() -> None:
    target = Target()
    target.world.change(target.world.begin("web-1", NEW, State.READY).incarnation, role=Role.DRAINING)
    target.platforms["production", "web"].shift = _nothing  # type: ignore[method-assign]
    with pytest.raises(PlatformFailed, match="not healthy within"):
        target.perform(WayBack(target.platforms).restore, "restore:production/web")


async def _nothing(move: object, count: object) -> None:
    """A platform that takes the order and does nothing."""


def test_a_rollback_that_was_asked_for_prepares_and_turns_everything() -> None:
    target = Target()
    target.run = target.began("rollback")
    outcome = target.perform(WayBack(target.platforms).turn, "turn:production/web")
    assert target.versions() == [NEW.version] * 3
    assert [call[0] for call in target.world.calls] == ["prepare", "shift"]
    assert target.world.moves[0].new == NEW
    assert texts(outcome) == ["[OK] v2.14.4 verified everywhere (3 processes healthy)"]


def test_an_asked_rollback_also_fills_a_place_where_nothing_runs() -> None:
    target = Target()
    target.world.instances = []
    target.run = target.began("rollback")
    target.perform(WayBack(target.platforms).turn, "turn:production/web")
    assert target.versions() == [NEW.version] * 3


def test_a_way_back_that_was_taken_over_moves_nothing() -> None:
    target = Target()
    shifted(target, 1)
    target.world.fence = 9
    with pytest.raises(Superseded):
        target.perform(WayBack(target.platforms).restore, "restore:production/web")
    assert sorted(target.versions()) == [OLD.version, OLD.version, NEW.version]


def test_of_several_platforms_each_is_named() -> None:
    target = Target(web=2, api=1)
    outcome = target.perform(WayBack(target.platforms).restore, "restore:production/web")
    assert texts(outcome) == ["[OK] web: v2.14.3 verified everywhere (2 processes healthy)"]
