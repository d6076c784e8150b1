"""A first deployment: what is said of it, what comes of it, and who is kept out meanwhile."""

import io
from pathlib import Path

import pytest
from tests.fakes.office import Office

from hotfix_deploy_runner.core.ending import ExitCode
from hotfix_deploy_runner.core.events import AnyEvent
from hotfix_deploy_runner.core.incident import incident
from hotfix_deploy_runner.core.notices import notices
from hotfix_deploy_runner.core.run import apply, begin
from hotfix_deploy_runner.errors import LockHeld, UsageError
from hotfix_deploy_runner.views.incident_document import document
from hotfix_deploy_runner.views.listing import runs_text
from hotfix_deploy_runner.views.plain import replay
from hotfix_deploy_runner.views.render_markdown import to_markdown


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office.worlds["production"].instances = []
    return office


def told(office: Office) -> str:
    """Everything that is said of the last run: narration, notices, list, document."""
    numbered = office.past.store.events(office.runs()[0])
    out = io.StringIO()
    replay(numbered, out)
    events: list[AnyEvent] = [event for _, event in numbered]
    run = begin(events[0])  # type: ignore[arg-type]
    words = [f"{n.title}\n{n.text}\n{n.standing}" for n in notices(None, events[0], run)]
    for event in events[1:]:
        after = apply(run, event)
        words += [f"{n.title}\n{n.text}\n{n.standing}" for n in notices(run, event, after)]
        run = after
    return "\n".join(
        [out.getvalue(), *words, runs_text(office.past.store.runs()), to_markdown(document(incident(events)))]
    )


def test_it_is_put_there_verified_and_nobody_speaks_of_a_rollback(office: Office) -> None:
    ending = office.first("v1.0.0")
    assert (ending.code, office.production()) == (ExitCode.DONE, ["v1.0.0"] * 3)
    words = told(office)
    assert words.startswith("First deployment: v1.0.0 to production\nCurrent production: nothing runs yet\n")
    assert "\nFirst deployment:\n  [OK] Built v1.0.0 from its tag" in words
    assert "  [OK] v1.0.0 verified everywhere (3 processes healthy)\n" in words
    assert "v1.0.0 is deployed for the first time. Production runs v1.0.0, verified everywhere.\n" in words
    assert "rollback" not in words.lower() and "rolled back to" not in words.lower() and "unknown" not in words
    assert office.locks().holder("production") is None


def test_what_was_put_there_first_is_known_to_be_good(office: Office) -> None:
    office.first("v1.0.0")
    assert office.deploy().code == ExitCode.DONE
    assert office.rollback().code == ExitCode.DONE
    assert office.production() == ["v1.0.0"] * 3


def test_one_that_does_not_start_is_incomplete_and_can_be_tried_again(office: Office) -> None:
    world = office.worlds["production"]
    world.broken = {"v1.0.0"}
    ending = office.first("v1.0.0")
    assert ending.code == ExitCode.NEEDS_HUMAN
    assert ending.summary.startswith("The first deployment of v1.0.0 is incomplete: ")
    assert ending.next_step == "hotfix-deploy-runner first --version v1.0.0 --target production"
    assert "rollback" not in told(office).lower()
    world.broken = set()
    assert office.first("v1.0.0").code == ExitCode.DONE


def test_it_takes_no_lock_from_anybody(office: Office) -> None:
    lease = office.locks().acquire(("production",), "somebody", "bob")
    with pytest.raises(LockHeld):
        office.first("v1.0.0")
    assert office.locks().still_ours(lease) and office.runs() == []


def test_where_something_runs_nothing_is_begun(office: Office) -> None:
    office.first("v1.0.0")
    with pytest.raises(UsageError, match="this is no first deployment"):
        office.first("v1.0.0")
    assert len(office.runs()) == 1 and office.locks().holder("production") is None
