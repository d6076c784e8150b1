"""What the demo says about its customers, from a log and a journal."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes import events
from tests.fakes.events import NEW, OLD, RUN, Story

from hotfix_deploy_runner.core.events import AnyEvent, StepEnded, StepStarted, VerdictReached
from hotfix_deploy_runner.demo.findings import findings
from hotfix_deploy_runner.demo.measure import Answer
from hotfix_deploy_runner.journal.sqlite import SqliteStore


def told(tmp_path: Path, story: Story, answers: list[Answer]) -> list[str]:
    path = tmp_path / "journal.db"
    store = SqliteStore(path)
    store.append(RUN, 0, story.events)
    store.close()
    return list(findings(answers, path))


def answer(at: float, status: int = 200, version: str = NEW.version, ms: float = 0.0) -> Answer:
    return Answer(at, "session", status, version, ms)


def test_a_run_that_stays_is_told_by_version(tmp_path: Path) -> None:
    story = events.good_deploy(afterwards=True)
    touched = at(story, lambda e: isinstance(e, StepStarted) and e.step.startswith("batch:"))
    answers = [
        answer(touched - 1, 500, OLD.version, ms=9_000),
        *(answer(touched + n / 10, 500 if n < 3 else 200, OLD.version, ms=n) for n in range(10)),
        *(answer(touched + 1 + n / 10, ms=10 * n) for n in range(4)),
        answer(touched + 2, 0, ""),
    ]
    assert told(tmp_path, story, answers) == [
        "Requests: 16 sent, 5 failed (11 by v2.14.3, 4 by v2.14.4, 1 by nobody).",
        "v2.14.3 since the rollout began: 30.0 % of 10 requests failed, p99 8 ms.",
        "v2.14.4 since the rollout began: 0.0 % of 4 requests failed, p99 20 ms.",
        "No instance answered 1 requests.",
    ]


def test_a_run_that_stopped_before_production_says_so(tmp_path: Path) -> None:
    answers = [answer(events.START + n, version=OLD.version) for n in range(3)]
    assert told(tmp_path, events.failing_test(), answers) == [
        "Requests: 3 sent, 0 failed (3 by v2.14.3).",
        "No customer has met v2.14.4: production was not touched.",
    ]


@pytest.fixture
def breach() -> tuple[Story, float, float, float]:
    """A run that was rolled back: when production was touched, judged, and restored."""
    story = events.errors_rolled_back()
    touched = at(story, lambda e: isinstance(e, StepStarted) and e.step.startswith("batch:"))
    verdict = at(story, lambda e: isinstance(e, VerdictReached))
    restored = at(story, lambda e: isinstance(e, StepEnded) and e.step.startswith("restore:"))
    assert touched < verdict < restored
    return story, touched, verdict, restored


def test_a_breach_is_told_from_the_first_bad_answer_to_the_last_instance_back(
    tmp_path: Path, breach: tuple[Story, float, float, float]
) -> None:
    story, touched, verdict, restored = breach
    answers = [
        answer(touched, 500),
        *(answer(touched + 0.1) for _ in range(3)),
        answer(verdict, 500),
        answer(verdict + 0.1),
        answer(restored, version=OLD.version),
    ]
    *_, hurt, back, after = told(tmp_path, story, answers)
    assert hurt.startswith("First request that failed to the verdict: ") and hurt.endswith(", 4 requests, 1 failed.")
    assert back.startswith("Verdict to the last instance back: ") and back.endswith(", 2 requests, 1 failed.")
    assert after == "After that: 1 requests, 0 failed."


def test_what_failed_before_or_by_the_old_version_is_not_the_hotfixs(
    tmp_path: Path, breach: tuple[Story, float, float, float]
) -> None:
    story, touched, verdict, _ = breach
    stray = [answer(touched - 100, 500, OLD.version), answer(touched, 503, OLD.version)]
    assert not any(line.startswith("First request that failed") for line in told(tmp_path, story, stray))
    (tmp_path / "journal.db").unlink()
    lines = told(tmp_path, story, [*stray, answer((touched + verdict) / 2, 500)])
    assert any(
        line.endswith(", 1 requests, 1 failed.") for line in lines if line.startswith("First request that failed")
    )


def at(story: Story, matches: Callable[[AnyEvent], bool]) -> float:
    return next(event.at for event in story.events if matches(event))
