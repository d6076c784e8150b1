"""One place of locking for an environment, which the remote tells: who would lock it elsewhere is refused."""

from pathlib import Path

import pytest
from tests.fakes.office import Office
from tests.fakes.workshop import go

from hotfix_deploy_runner.doors.postgres.database import Database
from hotfix_deploy_runner.errors import LockHeld, UsageError
from hotfix_deploy_runner.shared.place import Place
from hotfix_deploy_runner.wiring.domain import claim
from hotfix_deploy_runner.wiring.project import Project
from hotfix_deploy_runner.wiring.sharing import take
from hotfix_deploy_runner.wiring.team import freeze, thaw

ONE, OTHER = (Database(f"postgresql://{name}/hotfix", f"PostgreSQL at {name}/hotfix", {}) for name in ("one", "other"))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def project(office: Office, place: Place) -> Project:
    opened = office.open()
    opened.place = place
    return opened


def claimed(office: Office, place: Place) -> None:
    go(claim(project(office, place), ["production"]))


def test_a_database_is_claimed_on_the_remote_and_everybody_else_is_refused(office: Office) -> None:
    claimed(office, ONE)
    claimed(office, ONE)
    for place, ours in ((OTHER, OTHER.name), ("local", "this machine")):
        with pytest.raises(UsageError, match="is kept in PostgreSQL at one/hotfix; these settings keep it in") as no:
            claimed(office, place)  # type: ignore[arg-type]
        assert ours in no.value.message and "hotfix-deploy-runner unlock --target production" in no.value.next_step
    with pytest.raises(UsageError, match="is kept in PostgreSQL at one/hotfix, not in the remote origin"):
        go(take(office.open(), ("production",), "r1"))
    go(thaw(office.open(), "production"))
    claimed(office, OTHER)


def test_who_is_at_work_or_keeps_everybody_out_on_the_remote_counts_everywhere(office: Office) -> None:
    go(freeze(office.open(), "production", "until Monday"))
    for place in (ONE, "local"):
        with pytest.raises(LockHeld, match="production is frozen"):
            claimed(office, place)


def test_a_machine_for_itself_is_refused_where_the_team_has_ever_locked(office: Office) -> None:
    claimed(office, "local")
    go(freeze(office.open(), "production", "x"))
    go(thaw(office.open(), "production"))
    with pytest.raises(UsageError, match="is kept in the remote origin; these settings keep it in this machine"):
        claimed(office, "local")
    claimed(office, ONE)


def test_a_remote_that_is_silent_keeps_nobody_from_a_lock_that_is_elsewhere(office: Office) -> None:
    office.unreachable()
    claimed(office, ONE)
    claimed(office, "local")
