"""This clone's journal follows the team's."""

import os
from pathlib import Path

import pytest
from tests.fakes.commons import FakeCommons
from tests.fakes.office import Office
from tests.fakes.workshop import go
from tests.journal.contract import ended, report, started
from tests.shared.contract import numbered

from hotfix_deploy_runner.core.ending import ExitCode
from hotfix_deploy_runner.core.events import AnyEvent, from_json
from hotfix_deploy_runner.errors import Unreachable
from hotfix_deploy_runner.wiring.bringing import bring, bring_news, is_driven_here, superseded
from hotfix_deploy_runner.wiring.project import Project

RUN = "r1"
BEGUN: list[AnyEvent] = [started(RUN), report("a"), report("b")]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("office"))


@pytest.fixture
def project(office: Office, tmp_path: Path) -> Project:
    """With a journal of its own for each test."""
    opened = office.open()
    opened.home = tmp_path
    return opened


def here(project: Project, *events: AnyEvent) -> None:
    if events:
        project.store.append(RUN, 0, events)


def there(*events: AnyEvent, run: str = RUN) -> FakeCommons:
    commons = FakeCommons()
    commons.shared.events[run] = numbered(list(events))
    return commons


def known(project: Project) -> list[AnyEvent]:
    return [event for _, event in project.store.events(RUN)]


@pytest.mark.parametrize(("ours", "theirs"), [(0, 3), (2, 3), (3, 3), (3, 1), (3, 0)])
def test_the_longer_of_two_that_agree_is_here_afterwards(project: Project, ours: int, theirs: int) -> None:
    here(project, *BEGUN[:ours])
    assert go(bring(there(*BEGUN[:theirs]), project, RUN)) == theirs
    assert known(project) == BEGUN
    assert not superseded(project, RUN).exists()


def test_where_they_differ_the_teams_are_the_run_and_ours_are_kept_aside(project: Project) -> None:
    here(project, *BEGUN, report("alone"), ended(7))
    for tail in ("theirs", "and theirs again"):
        before = known(project)
        now = [*BEGUN, report(tail)]
        assert go(bring(there(*now), project, RUN)) == 4
        assert known(project) == now
        kept = [from_json(line) for line in superseded(project, RUN).read_bytes().splitlines()]
        assert kept[-len(before) :] == before
    assert [report("alone"), ended(7)] == kept[3:5], "what was put aside first is there still"


def test_only_theirs_puts_what_is_newer_here_aside_as_well(project: Project) -> None:
    here(project, *BEGUN)
    go(bring(there(*BEGUN[:2]), project, RUN, only=True))
    assert known(project) == BEGUN[:2] and superseded(project, RUN).exists()
    go(bring(there(), project, RUN, only=True))
    assert known(project) == BEGUN[:2], "where the team has nothing, nobody has gone on with it"


def test_under_a_process_that_drives_it_the_journal_stays_as_it_is(office: Office, project: Project) -> None:
    here(project, *BEGUN)
    lease = office.locks(pid=os.getppid()).acquire(("production",), RUN, "ada")
    project.locks = office.locks()
    try:
        assert is_driven_here(project, RUN)
        assert go(bring(there(*BEGUN[:2], report("theirs")), project, RUN)) == 3
        assert known(project) == BEGUN and not superseded(project, RUN).exists()
    finally:
        office.locks().release(lease)
    assert not is_driven_here(project, RUN)


def test_nothing_changes_while_the_team_is_silent(project: Project) -> None:
    here(project, *BEGUN)
    commons = there(report("x"))
    commons.unreachable = True
    with pytest.raises(Unreachable):
        go(bring(commons, project, RUN))
    assert known(project) == BEGUN


@pytest.mark.parametrize(("code", "brought"), [(None, True), (130, True), (143, True), (0, False), (4, False)])
def test_news_are_of_the_runs_that_may_have_gone_on(project: Project, code: int | None, brought: bool) -> None:
    so_far = [*BEGUN, *([] if code is None else [ended(code)])]
    here(project, *so_far)
    commons = there(*so_far, report("news"))
    commons.shared.events["r2"] = numbered([started("r2"), ended(ExitCode.DONE)])
    go(bring_news(commons, project))
    assert (known(project)[-1] == report("news")) is brought
    assert len(project.store.events("r2")) == 2
