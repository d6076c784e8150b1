"""What a fleet says of itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.core.fleet import Fleet, Instance, Role, State
from hotfix_deploy_runner.core.revision import Revision

OLD, NEW = Revision("v1", "a" * 40, "sha256:1"), Revision("v2", "b" * 40, "sha256:2")
INSTANCES = st.builds(
    Instance,
    name=st.sampled_from("abc"),
    incarnation=st.sampled_from("123"),
    revision=st.sampled_from([OLD, NEW]),
    state=st.sampled_from(State),
    role=st.sampled_from(Role),
)
FLEETS = st.builds(Fleet, st.lists(INSTANCES, max_size=6).map(tuple))


def instance(revision: Revision = OLD, state: State = State.READY, role: Role = Role.SERVING) -> Instance:
    return Instance("a", "a/1", revision, state, role)


@given(FLEETS)
def test_the_serving_are_divided_by_revision(fleet: Fleet) -> None:
    parts = [fleet.of(revision) for revision in fleet.revisions]
    assert sum(map(len, parts)) == len(fleet.serving)
    assert all(parts)
    assert fleet.mixed == (len(parts) > 1)
    assert all(fleet.ready(revision) <= len(fleet.of(revision)) for revision in (OLD, NEW))


@given(FLEETS)
def test_only_one_revision_means_that_nothing_else_is_left(fleet: Fleet) -> None:
    alone = fleet.only(OLD, len(fleet.instances))
    assert alone == (fleet.ready(OLD) == len(fleet.instances))
    assert not fleet.only(OLD, len(fleet.instances) + 1)
    assert not (alone and fleet.mixed)


@pytest.mark.parametrize(
    "stray",
    [
        instance(NEW),
        instance(NEW, role=Role.DRAINING),
        instance(OLD, role=Role.DRAINING),
        instance(OLD, role=Role.STANDBY),
        instance(OLD, state=State.STARTING),
        instance(OLD, state=State.FAILED),
        instance(OLD, state=State.UNREACHABLE),
    ],
)
def test_one_stray_instance_is_enough_for_not_only(stray: Instance) -> None:
    assert Fleet((instance(), instance())).only(OLD, 2)
    assert not Fleet((instance(), stray)).only(OLD, 2)


def test_draining_and_standby_ones_do_not_serve() -> None:
    fleet = Fleet((instance(OLD), instance(NEW, role=Role.DRAINING), instance(NEW, role=Role.STANDBY)))
    assert fleet.revisions == (OLD,)
    assert not fleet.mixed


def test_the_same_version_from_other_bytes_is_another_revision() -> None:
    rebuilt = Revision("v1", "a" * 40, "sha256:3")
    assert Fleet((instance(OLD), instance(rebuilt))).mixed


def test_an_empty_fleet_is_not_mixed_and_serves_nothing() -> None:
    assert not Fleet().mixed
    assert (Fleet().serving, Fleet().revisions) == ((), ())
    assert Fleet().only(OLD, 0)
