"""The demo's other stories, whole: each ends as its row says, and what was seen of it is said."""

from collections.abc import Sequence

import pytest
from tests.e2e.place import BASE, DEPLOY, NEXT, Command, MakePlace, Place

from hotfix_deploy_runner.core.events import StepStarted, VerdictReached
from hotfix_deploy_runner.core.plan import PROBES
from hotfix_deploy_runner.core.verdict import Kind
from hotfix_deploy_runner.demo.measure import failures

pytestmark = pytest.mark.slow
SHORT = ("--window", "3s")
"""For what is not judged by the window."""


def deployed(world: Place, *options: str) -> Command:
    """The run, ended as the scenario says."""
    done = world.start(*DEPLOY, *options)
    assert done.end(90) == world.story.exit_code, done.out + done.err
    return done


def verdicts(world: Place) -> Sequence[Kind]:
    return [event.verdict.kind for event in world.events() if isinstance(event, VerdictReached)]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("leaked-secret", ["B105", "service/tokens.py:10"]),
        ("migration", ["[FAIL] Database migrations: 1", "migrations/0002_token_serials.sql", "--allow-migrations"]),
    ],
)
def test_a_check_stops_it_before_production(place: MakePlace, name: str, words: list[str]) -> None:
    world = place(name)
    done = deployed(world)
    assert all(text in done.out for text in words), done.out
    assert f"Hotfix stopped before production. Production is untouched: {BASE}." in done.out
    assert world.serving() == [BASE] * 3
    assert not [tag for tag in world.tags() if tag.startswith(NEXT)]
    if name == "leaked-secret":
        told = "".join(str(event) for event in world.events()) + done.out + done.err
        assert "5f2b8c1e9a7d4036b1c8e2f7a94d6053" not in told


def test_what_takes_requests_and_never_answers_is_taken_back(place: MakePlace) -> None:
    world = place("hang")
    done = deployed(world)
    assert "[OK] Process 1/3 healthy" in done.out, "it is ready all the time: only its customers notice"
    assert " completed " in done.out and " while " in done.out
    assert verdicts(world) == [Kind.BREACHED]
    assert world.serving() == [BASE] * 3


def test_slowness_is_warned_of_and_stays(place: MakePlace) -> None:
    world = place("slow")
    done = deployed(world)
    assert "[WARN] p99 latency: " in done.out and "Hotfix v2.14.4 is live, but slow: " in done.out
    assert verdicts(world) == [Kind.SLOW]
    assert world.serving() == [NEXT] * 3


def test_slowness_is_taken_back_where_that_is_asked_for(place: MakePlace) -> None:
    world = place("slow-rollback")
    done = deployed(world)
    assert f"Production runs {BASE} again, verified everywhere." in done.out
    assert verdicts(world) == [Kind.SLOW]
    assert world.serving() == [BASE] * 3


def test_what_is_bad_but_no_worse_than_before_stays(place: MakePlace) -> None:
    world = place("not-worse")
    done = deployed(world)
    assert "[WARN] Error rate: " in done.out and "no worse than what a rollback would bring back" in done.out
    assert verdicts(world) == [Kind.NOT_WORSE]
    assert world.serving() == [NEXT] * 3
    new = [answer for answer in world.answers if answer.version == NEXT]
    assert 0.04 < len(failures(new)) / len(new) < 0.13


def test_where_nobody_is_probes_tell(place: MakePlace) -> None:
    world = place("quiet")
    done = deployed(world, *SHORT)
    rate, probes = [line for line in done.lines if "Error rate" in line or "Probes" in line]
    assert rate.startswith("  [WARN] Error rate: ")
    assert probes == "  [OK] Probes pass (9/9 on 3 instances)"
    assert done.out.index(probes) < done.out.index("Afterwards:")
    assert verdicts(world) == [Kind.QUIET]
    assert [event.step for event in world.events() if isinstance(event, StepStarted)].count(PROBES) == 1
    assert world.serving() == [NEXT] * 3


def test_what_cannot_be_seen_is_neither_good_nor_bad(place: MakePlace) -> None:
    world = place("blind")
    done = deployed(world)
    assert done.out.count("passed unobserved") == 3
    assert "[WARN] Error rate: unknown" in done.out and "Hotfix v2.14.4 is live, but unobserved: " in done.out
    assert verdicts(world) == [Kind.BLIND]
    assert world.serving() == [NEXT] * 3


def test_a_merge_that_conflicts_is_left_to_a_human_with_the_commands(place: MakePlace) -> None:
    world = place("conflict")
    before = world.git("rev-parse", "main")
    done = deployed(world, *SHORT)
    assert "[FAIL] Merge back to main conflicts in service/tokens.py" in done.out
    assert f"git merge --no-ff {NEXT}" in done.out
    assert "Hotfix v2.14.4 is live, but unfinished: " in done.out
    assert world.serving() == [NEXT] * 3
    assert world.git("rev-parse", "main") == before
    assert world.git("rev-parse", "--verify", "refs/heads/hotfix/auth-bypass")
