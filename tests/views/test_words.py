"""The header: true of production as it was found, whatever that is."""

import msgspec
import pytest
from tests.fakes.events import facts, request

from hotfix_deploy_runner.views.words import header


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        ({}, ["Current production: v2.14.3 (tag)", "Hotfix base: v2.14.3"]),
        (
            {"old_from": "base", "base": "d" * 40, "before": "before/v2.14.4"},
            ["Current production: v2.14.3 (base)", f"Hotfix base: {'d' * 12} (as before/v2.14.4)"],
        ),
        (
            {"mixed": "v2.14.3 on 2, v2.14.2 on 1"},
            ["Current production: v2.14.3 on 2, v2.14.2 on 1 (tag)", "Hotfix base: v2.14.3"],
        ),
    ],
)
def test_a_deploys(found: dict[str, str], lines: list[str]) -> None:
    known = msgspec.structs.replace(facts(), **found)
    assert list(header(request(), known)) == ["Hotfix Deployment: hotfix/auth-bypass", *lines]


def test_a_rollbacks_says_all_that_runs() -> None:
    known = msgspec.structs.replace(facts(action="rollback"), mixed="v2.14.4 on 2, v2.14.3 on 1")
    assert header(request("rollback"), known)[1] == "Current production: v2.14.4 on 2, v2.14.3 on 1"


def test_a_first_deployments() -> None:
    told = header(request("rollback", first=True), facts(action="rollback"))
    assert told == ("First deployment: v2.14.3 to production", "Current production: nothing runs yet")
