import pytest

from hotfix_deploy_runner.demo.scenarios import SCENARIOS, scenario
from hotfix_deploy_runner.errors import UsageError


def test_names_are_unique_and_found() -> None:
    assert len({row.name for row in SCENARIOS}) == len(SCENARIOS)
    assert all(scenario(row.name) is row for row in SCENARIOS)


def test_how_each_ends() -> None:
    assert {row.name: int(row.exit_code) for row in SCENARIOS} == {
        "good": 0,
        "errors": 4,
        "crash": 4,
        "failing-test": 3,
        "leaked-secret": 3,
        "migration": 3,
        "hang": 4,
        "slow": 6,
        "slow-rollback": 4,
        "not-worse": 6,
        "quiet": 0,
        "blind": 6,
        "conflict": 6,
    }


def test_an_unknown_one_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="no scenario 'fire'") as caught:
        scenario("fire")
    assert "good, errors, crash, failing-test, leaked-secret" in caught.value.detail
