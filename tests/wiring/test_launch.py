"""From the lock to the document: who is let in, who is kept out, and what is left behind."""

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest
from tests.fakes.lab import easy
from tests.fakes.notifier import FakeNotifier
from tests.fakes.office import Office

from hotfix_deploy_runner.core.check import Status
from hotfix_deploy_runner.core.ending import ExitCode
from hotfix_deploy_runner.core.events import NoticeTold, RunStarted
from hotfix_deploy_runner.errors import CheckFailed, LockHeld, UsageError
from hotfix_deploy_runner.lock.local import Holder


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def held(office: Office) -> dict[str, Holder | None]:
    return {place: office.locks().holder(place) for place in ("staging", "production")}


def free(office: Office) -> bool:
    return held(office) == {"staging": None, "production": None}


def planned(office: Office, *, staging: bool) -> tuple[RunStarted, dict[str, Holder | None]]:
    """What the operator is asked about, and who holds what at that moment; the answer is no."""
    seen: list[tuple[RunStarted, dict[str, Holder | None]]] = []

    def look(started: RunStarted) -> bool:
        seen.append((started, held(office)))
        return False

    office.consent = look
    with pytest.raises(UsageError, match="not agreed to"):
        office.deploy(staging=staging)
    return seen[0]


@pytest.mark.slow
def test_a_deploy_goes_live_is_written_down_and_leaves_the_locks_free(office: Office) -> None:
    ending = office.deploy()
    assert (ending.code, office.production()) == (ExitCode.DONE, ["v1.0.1"] * 3)
    assert office.remote("refs/tags/v1.0.1") == office.commit
    assert free(office)
    assert len(office.runs()) == 1
    document = office.found.home / "runs" / office.runs()[0]
    assert "v1.0.1" in (document / "incident.md").read_text()
    assert json.loads((document / "incident.json").read_text())
    assert office.remote("refs/heads/hotfix/auth") == ""


def test_both_locks_are_taken_before_anybody_is_asked(office: Office) -> None:
    started, seen = planned(office, staging=True)
    assert [holder and (holder.run, holder.state) for holder in seen.values()] == [(started.run, "held")] * 2
    assert seen["production"] is not None and started.facts.fence == seen["production"].fence


def test_who_skips_staging_does_not_lock_it(office: Office) -> None:
    _, seen = planned(office, staging=False)
    assert seen["staging"] is None and seen["production"] is not None


def test_what_is_not_agreed_to_leaves_no_lock_no_run_no_tag_and_no_tree(office: Office) -> None:
    planned(office, staging=True)
    assert free(office)
    assert office.runs() == []
    assert office.remote("refs/tags") == office.base
    assert not office.found.trees.exists()


@pytest.mark.parametrize("place", ["staging", "production"])
def test_a_second_run_is_refused_while_the_first_lives_and_takes_nothing(office: Office, place: str) -> None:
    lease = office.locks().acquire((place,), "somebody", "bob")
    with pytest.raises(LockHeld) as refused:
        office.deploy(staging=True)
    assert (refused.value.exit_code, "bob" in refused.value.detail) == (7, True)
    assert office.runs() == []
    others = [holder for name, holder in held(office).items() if name != place]
    assert others == [None]
    assert office.locks().release(lease)


def test_what_stops_it_before_a_run_frees_the_locks(office: Office) -> None:
    office.worlds["production"].instances = []
    with pytest.raises(CheckFailed, match="nothing runs"):
        office.deploy(staging=True)
    assert free(office) and office.runs() == []


def test_a_failed_check_ends_the_run_and_frees_the_locks(office: Office) -> None:
    office.check.status = Status.FAIL
    ending = office.deploy()
    assert (ending.code, office.production()) == (ExitCode.STOPPED, ["v1.0.0"] * 3)
    assert free(office) and len(office.runs()) == 1


@pytest.mark.slow
def test_a_run_that_died_with_production_touched_keeps_deploys_out_and_lets_a_rollback_in(office: Office) -> None:
    name = office.died("staging", "production")
    for _ in range(2):  # the second time too
        with pytest.raises(LockHeld) as refused:
            office.deploy(staging=True)
        assert name in refused.value.message
        assert refused.value.next_step == "hotfix-deploy-runner resume run-1, or abort run-1 to restore v1.0.0"
    assert office.production() == ["v1.0.0"] * 3
    assert office.rollback("v1.0.0").code == ExitCode.DONE
    assert office.deploy(staging=False).code == ExitCode.DONE


def test_after_the_rollback_staging_is_free_as_well(office: Office) -> None:
    """It was locked by the run that died, and nobody waits for a rollback of staging."""
    office.died("staging", "production")
    with pytest.raises(LockHeld):
        office.deploy(staging=True)
    office.rollback("v1.0.0")
    started, _ = planned(office, staging=True)
    assert started.facts.version == "v1.0.1"


def test_a_rollback_straight_after_the_death_leaves_the_way_free(office: Office) -> None:
    office.died("staging", "production")
    office.rollback("v1.0.0")
    planned(office, staging=True)


def test_a_rollback_after_a_death_does_not_mark_what_it_brings_back(office: Office) -> None:
    office.died("staging", "production")
    office.rollback("v1.0.0")
    assert office.remote("refs/hotfix/rolled-back/v1.0.0") == ""


def test_a_run_that_died_before_production_keeps_nobody_out(office: Office) -> None:
    office.died("staging", "production", touched=False)
    started, seen = planned(office, staging=True)
    assert all(holder is not None and holder.run == started.run for holder in seen.values())
    assert free(office)


@pytest.mark.slow
def test_an_interrupted_run_keeps_production_and_lets_go_of_staging(office: Office) -> None:
    async def interrupt(point: str) -> None:
        if point == "start web-2":
            os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0)

    project = office.open()
    project.platforms["production", "web"].pause = interrupt  # type: ignore[attr-defined]
    real = project.performers
    easily = dict.fromkeys(("deploy", "smoke", "health"), easy)
    project.performers = lambda write_document, push=None: {**real(write_document, push), **easily}  # type: ignore
    assert office.deploy(project, staging=True).code == ExitCode.INTERRUPTED
    seen = held(office)
    assert seen["staging"] is None
    assert seen["production"] is not None and seen["production"].state == "suspended"
    with pytest.raises(LockHeld):
        office.deploy(staging=True)
    assert office.rollback("v1.0.0").code == ExitCode.DONE
    assert office.production() == ["v1.0.0"] * 3
    planned(office, staging=True)


def test_a_rollback_that_died_is_to_be_gone_on_with(office: Office) -> None:
    office.repository.git("tag", "v1.0.1", office.commit)
    office.died("production", action="rollback")
    with pytest.raises(LockHeld) as refused:
        office.deploy()
    assert refused.value.next_step == "hotfix-deploy-runner resume run-1"


def test_a_rollback_takes_the_lock_from_whoever_has_it_with_a_higher_fence(office: Office) -> None:
    office.past.run("v1.0.0", "v1.0.1")
    lease = office.locks().acquire(("production",), "somebody", "bob")
    assert office.rollback("v1.0.0").code == ExitCode.DONE
    assert office.worlds["production"].fence > lease.fence
    assert not office.locks().still_ours(lease)


def test_a_rollback_that_cannot_begin_says_so_and_frees_the_lock(office: Office) -> None:
    with pytest.raises(UsageError, match=r"no tag v9\.9\.9"):
        office.rollback("v9.9.9")
    assert free(office) and office.runs() == []


@pytest.mark.slow
def test_a_breach_takes_it_back_and_frees_the_locks(office: Office) -> None:
    office.traffic.error_rates["v1.0.1"] = 0.6
    ending = office.deploy()
    assert (ending.code, office.production()) == (ExitCode.ROLLED_BACK, ["v1.0.0"] * 3)
    assert office.remote("refs/hotfix/rolled-back/v1.0.1") == office.commit
    assert free(office)


def test_a_deploy_needs_a_staging_or_a_reason_to_skip_it(office: Office) -> None:
    project = office.open(environments={"production": {"web": {}}})
    with pytest.raises(UsageError, match="no staging environment is configured"):
        office.deploy(project, staging=True)
    assert free(office)


@pytest.mark.slow
def test_people_are_told_and_deliveries_are_in_the_journal_also_that_of_the_end(office: Office) -> None:
    channel = FakeNotifier()
    project = office.open()
    project.channels = lambda: ({"fake": channel}, {})  # type: ignore[method-assign]
    ending = office.deploy(project)
    assert channel.titles[-1] == ending.summary
    events = [event for _, event in office.past.store.events(office.runs()[0])]
    told = [event.notice for event in events if isinstance(event, NoticeTold)]
    assert told == [notice.id for notice, _ in channel.told]
