"""A run on a target that was mixed before it: whatever happens, one version in the end, and true words."""

import msgspec
from hypothesis import given
from tests.fakes.lives import FEW, TAPES, code, lived
from tests.fakes.scenes import OLD, beginning
from tests.fakes.world import Trouble, World, after

from hotfix_deploy_runner.core.conclude import conclude
from hotfix_deploy_runner.core.events import RunStarted
from hotfix_deploy_runner.core.facts import Found
from hotfix_deploy_runner.core.fleet import Fleet, Instance, State
from hotfix_deploy_runner.core.plan_back import plan_way_back
from hotfix_deploy_runner.core.policy import Watching
from hotfix_deploy_runner.core.reading import Reading, Sample
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.run import begin
from hotfix_deploy_runner.core.watch import Watch

OLDER = Revision("v2.14.2", "9" * 40, "sha256:older")
WORDS = "v2.14.3 on 2, v2.14.2 on 1"


def fleet() -> Fleet:
    revisions = (OLD, OLD, OLDER)
    return Fleet(tuple(Instance(f"api-{n}", f"api-{n}/1", r, State.READY) for n, r in enumerate(revisions)))


def mixed() -> RunStarted:
    first = beginning()
    places = {**first.facts.environments, "production": (Found("api", "process", fleet()),)}
    return msgspec.structs.replace(first, facts=msgspec.structs.replace(first.facts, environments=places, mixed=WORDS))


def test_it_is_not_wholly_old_and_restored() -> None:
    assert not fleet().only(OLD, 3)
    steps = plan_way_back("production", mixed().facts, {"api": False})
    assert [step.id for step in steps] == ["restore:production/api", "mark"]


def test_the_baseline_is_that_of_the_base_alone() -> None:
    watch = Watch.begin(Watching(), OLD.version, "v2.14.4")
    samples = tuple(Sample(i.name, i.incarnation, i.revision.version, 100, 10) for i in fleet().serving)
    assert watch.observed(Reading(0.0, 2.0, samples), fleet()).baseline.total.requests == 200


@FEW
@given(tape=TAPES)
def test_a_breach_brings_everything_to_the_base(tape: list[int]) -> None:
    world = lived(World(mixed(), tape, Trouble(bad=after(0))))
    assert (code(world), world.versions) == (4, {"old"})
    assert conclude(world.run).production == "Production runs v2.14.3 again, verified everywhere."


def test_what_stops_before_production_says_that_it_is_mixed_still() -> None:
    world = lived(World(mixed(), (), Trouble(frozenset({"check:tests"}))))
    assert conclude(world.run).production == f"Production is untouched: {WORDS}."


def test_what_is_interrupted_on_its_way_does_not_promise_the_rest_to_be_one_version() -> None:
    trouble = Trouble(strikes=lambda world: world.run.passed("batch:production/api:1"), strike="SIGINT")
    world = lived(World(mixed(), (), trouble))
    assert conclude(world.run).production == "Production is mixed: about 1 of 3 on v2.14.4, the others as before it."


def test_a_run_without_that_speaks_of_one_version() -> None:
    assert begin(beginning()).facts.running == OLD.version
