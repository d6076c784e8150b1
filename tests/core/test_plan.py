"""The graph of a run: well formed whatever is asked for, and in the contract's order."""

import math
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.scenes import VERSION, beginning, facts

from hotfix_deploy_runner.core.events import RunStarted
from hotfix_deploy_runner.core.facts import Request
from hotfix_deploy_runner.core.plan import VALIDATE, batches, plan
from hotfix_deploy_runner.core.plan_back import plan_end, plan_observation, plan_way_back
from hotfix_deploy_runner.core.policy import Policy
from hotfix_deploy_runner.core.step import Course, Phase, Step, StepId

SIZES = st.lists(
    st.integers(0, 50).map(str) | st.integers(0, 100).map("{}%".format) | st.floats(0, 100).map("{:.2f}%".format),
    max_size=6,
).map(tuple)
PLATFORMS = st.dictionaries(st.sampled_from(["api", "workers", "web"]), st.integers(0, 12), min_size=1)
BEGINNINGS = st.builds(
    beginning,
    PLATFORMS,
    action=st.sampled_from(["deploy", "rollback"]),
    target=st.sampled_from(["production", "staging"]),
    staging=st.booleans(),
    metrics=st.booleans(),
    batches=SIZES,
    merge_into=st.sampled_from([(), ("main",), ("main", "develop")]),
)


def by_id(start: RunStarted) -> dict[StepId, Step]:
    return {step.id: step for step in start.steps}


def ancestors(steps: dict[StepId, Step], step: StepId) -> set[StepId]:
    """All that has to pass before `step` can start."""
    waits = steps[step].waits_for
    return set(waits).union(*(ancestors(steps, other) for other in waits))


# The dial's positions


@given(SIZES, st.integers(0, 60))
def test_the_dial_only_goes_up_and_ends_at_all(sizes: tuple[str, ...], total: int) -> None:
    positions = batches(sizes, total)
    assert all(before < after for before, after in pairwise((0, *positions)))
    assert (positions[-1] if positions else 0) == total


@given(st.integers(1, 60), st.integers(1, 100))
def test_a_share_is_rounded_up_and_never_exceeds_what_was_asked_by_one(total: int, share: int) -> None:
    first = batches((f"{share}%",), total)[0]
    assert first == math.ceil(total * share / 100)


@pytest.mark.parametrize(
    ("sizes", "total", "expected"),
    [
        (("1", "10%", "50%", "100%"), 3, (1, 2, 3)),
        (("1", "10%", "50%", "100%"), 1, (1,)),
        (("1", "10%", "50%", "100%"), 20, (1, 2, 10, 20)),
        (("1", "10%", "50%", "100%"), 100, (1, 10, 50, 100)),
        (("100%",), 7, (7,)),
        (("2",), 5, (2, 5)),
        (("9",), 5, (5,)),
        ((), 4, (4,)),
        (("0%", "50%"), 4, (1, 2, 4)),
        (("50%", "10%"), 10, (5, 6, 10)),
        (("1",), 0, ()),
    ],
)
def test_positions_of_the_dial(sizes: tuple[str, ...], total: int, expected: tuple[int, ...]) -> None:
    assert batches(sizes, total) == expected


# The graph


@given(BEGINNINGS)
def test_a_plan_names_each_step_once_and_waits_only_for_what_comes_before(start: RunStarted) -> None:
    """So there is no cycle, nothing waits for what does not exist, and the told order can be lived."""
    known: set[StepId] = set()
    for step in start.steps:
        assert step.id not in known
        assert step.waits_for <= known
        known.add(step.id)


@given(BEGINNINGS)
def test_phases_are_told_in_their_order(start: RunStarted) -> None:
    order = list(Phase)
    phases = [order.index(step.phase) for step in start.steps]
    assert phases == sorted(phases)


@given(BEGINNINGS)
def test_judged_steps_touch_nothing_and_what_changes_a_platform_says_so(start: RunStarted) -> None:
    for step in start.steps:
        assert not (step.judged and step.touches)
        if step.does in ("batch", "turn"):
            assert step.touches == {f"platform:{start.request.target}/{step.args['platform']}"}
        if step.does in ("tag", "merge", "delete-branch", "worktree", "mark"):
            assert step.touches == {"git"}


@given(BEGINNINGS)
def test_exactly_one_batch_is_the_last(start: RunStarted) -> None:
    """The window of the watch begins with it, also when the last platform has no instance."""
    rolled = [step for step in start.steps if step.does == "batch"]
    assert [step.args["last"] for step in rolled] == [False] * (len(rolled) - 1) + [True] * bool(rolled)


@given(PLATFORMS)
def test_platforms_are_rolled_out_one_after_the_other_each_batch_behind_the_gate_before(
    platforms: dict[str, int],
) -> None:
    steps = by_id(beginning(platforms))
    rolled = [step for step in steps.values() if step.does == "batch"]
    for before, after in pairwise(rolled):
        assert after.waits_for == {before.id.replace("batch:", "gate:")}
        assert before.args["before"] + before.args["count"] < after.args["before"] + after.args["count"]
    if rolled:
        assert steps[VALIDATE].waits_for == {rolled[-1].id.replace("batch:", "gate:")}
        assert rolled[-1].args["before"] + rolled[-1].args["count"] == rolled[-1].args["of"] == sum(platforms.values())


def test_production_waits_for_every_check_and_for_staging() -> None:
    steps = by_id(beginning())
    before = ancestors(steps, "batch:production/api:1")
    checks = {"install", *(name for name in steps if name.startswith("check:"))}
    assert checks | {"build", "smoke", "staging-health", "record", "tag", "prepare"} <= before
    assert "watch" not in before


def test_without_staging_production_still_waits_for_every_check() -> None:
    steps = by_id(beginning(staging=False))
    before = ancestors(steps, "tag")
    assert "no-staging" in before
    assert {name for name in steps if name.startswith("check:")} <= before
    assert not {"candidate-tag", "staging-deploy", "smoke", "staging-health"} & set(steps)


def test_checks_and_the_build_go_on_side_by_side() -> None:
    steps = by_id(beginning())
    side_by_side = ["check:branch", "check:security", "check:migrations", "install", "build"]
    assert all(steps[name].waits_for == {"worktree"} for name in side_by_side)
    assert not any(steps[name].touches for name in side_by_side)


def test_the_watch_needs_nothing_but_the_record_and_holds_nothing_up() -> None:
    steps = by_id(beginning())
    assert steps["watch"].background
    assert steps["watch"].waits_for == {"record"}
    assert not steps["watch"].touches
    assert not any("watch" in step.waits_for for step in steps.values())


def test_nothing_is_watched_without_metrics() -> None:
    assert "watch" not in by_id(beginning(metrics=False))


def test_a_staging_target_ends_with_staging() -> None:
    phases = {step.phase for step in beginning(target="staging").steps}
    assert phases == {Phase.PREFLIGHT, Phase.STAGING}


def test_merges_follow_one_another_and_the_branch_goes_last() -> None:
    steps = by_id(beginning(merge_into=("main", "develop")))
    assert steps["merge:main"].waits_for == {VALIDATE}
    assert steps["merge:develop"].waits_for == {VALIDATE, "merge:main"}
    assert steps["delete-branch"].waits_for == {"merge:main", "merge:develop"}


@pytest.mark.parametrize("policy", [Policy(merge_back="off"), Policy(merge_into=()), Policy(delete_branch=False)])
def test_the_branch_is_deleted_only_once_it_is_merged_and_only_if_wanted(policy: Policy) -> None:
    start = beginning()
    names = {step.id for step in plan(start.request, policy, start.facts)}
    assert "delete-branch" not in names
    assert ("merge:main" in names) == (not policy.delete_branch)


# The other ways


def test_an_asked_rollback_turns_all_platforms_at_once_and_marks_what_it_replaced() -> None:
    steps = by_id(beginning({"api": 3, "workers": 2}, action="rollback"))
    assert set(steps) == {"artifact", "turn:production/api", "turn:production/workers", "mark"}
    assert steps["turn:production/api"].waits_for == steps["turn:production/workers"].waits_for == {"artifact"}
    assert steps["mark"].waits_for == {"turn:production/api", "turn:production/workers"}
    assert steps["mark"].args["tag"] == "v2.14.3"


@pytest.mark.parametrize(
    ("seen", "restored"),
    [
        ({}, {"api", "workers"}),
        ({"api": True}, {"workers"}),
        ({"api": False, "workers": True}, {"api"}),
        ({"api": True, "workers": True}, set()),
    ],
)
def test_the_way_back_restores_what_is_not_known_to_be_old(seen: dict[str, bool], restored: set[str]) -> None:
    *restores, mark = plan_way_back("production", facts({"api": 3, "workers": 2}), seen)
    assert {step.args["platform"] for step in restores} == restored
    assert all(step.touches == {f"platform:production/{step.args['platform']}"} for step in restores)
    assert not any(step.waits_for for step in restores), "the way back waits for nothing but the platform"
    assert mark.waits_for == {step.id for step in restores}
    assert mark.args["tag"] == VERSION


def test_each_way_has_its_course() -> None:
    back = [plan_observation("production"), *plan_way_back("production", facts({"api": 1}), {})]
    assert {step.course for step in back} == {Course.BACK}
    assert {step.course for step in plan_end()} == {Course.FINISH}
    assert {step.course for step in beginning().steps} == {Course.FORWARD}


def test_the_document_is_written_whether_or_not_the_worktrees_can_be_removed() -> None:
    document, cleanup = plan_end()
    assert (document.does, cleanup.does) == ("document", "cleanup")
    assert not document.waits_for
    assert cleanup.waits_for == {document.id}


def test_the_defaults_are_those_of_the_contract() -> None:
    policy = Policy()
    watching, rolling = policy.watching, policy.rolling
    assert (watching.threshold, watching.mode, watching.alpha) == (0.05, "absolute", 0.01)
    assert (watching.window, watching.blind_for, watching.unhealthy_for) == (600, 120, 10)
    assert (watching.p99_ratio, watching.on_slow, watching.on_breach) == (2.0, "warn", "rollback")
    assert (rolling.batches, rolling.min_healthy) == (("1", "10%", "50%", "100%"), 10)
    assert (rolling.healthy_deadline, rolling.rollback_min_serving) == (300, 0.75)
    assert policy.merge_back == "push"


def test_a_base_without_a_tag_gets_one_straight_before_the_versions_own() -> None:
    found = msgspec.structs.replace(facts({"api": 3}), before="before/v2.14.4")
    steps = {step.id: step for step in plan(Request("deploy", "production", "hotfix/x"), Policy(), found)}
    assert steps["before"].args == {"tag": "before/v2.14.4"} and "git" in steps["before"].touches
    assert steps["before"].waits_for == {"smoke", "staging-health", "record"}
    assert steps["tag"].waits_for == {"before"}
