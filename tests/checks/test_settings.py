from pathlib import Path
from typing import Any

import pytest
from tests.checks.places import workplace

from hotfix_deploy_runner.checks import branch, migrations, security, tests
from hotfix_deploy_runner.errors import UsageError


@pytest.mark.parametrize(
    ("module", "table", "said"),
    [
        (tests, {"comand": "x"}, "checks.tests.comand is not a known key; did you mean checks.tests.command?"),
        (tests, {"zzz": 1}, "checks.tests.zzz is not a known key"),
        (tests, {"timeout": "soon"}, "checks.tests.timeout: Value error, 'soon' is not a duration"),
        (tests, {"timeout": -1}, "checks.tests.timeout: "),
        (tests, {"junit": "../x.xml"}, "checks.tests.junit: Value error, has to be a pattern inside the tree"),
        (tests, {"junit": "/x.xml"}, "checks.tests.junit: Value error, has to be a pattern inside the tree"),
        (branch, {"mian": "trunk"}, "checks.branch.mian is not a known key; did you mean checks.branch.main?"),
        (migrations, {"paths": []}, "checks.migrations.paths: "),
        (migrations, {"allow": "perhaps"}, "checks.migrations.allow: "),
        (security, {"level": "fatal"}, "checks.security.level: "),
        (security, {"scanners": {}}, "checks.security.scanners: "),
        (security, {"scanners": {"trivy": {}}}, "checks.security.scanners: Value error, trivy needs a command"),
        (
            security,
            {"scanners": {"../x": {"command": "y"}}},
            "checks.security.scanners: Value error, '../x' is no name",
        ),
        (security, {"scanners": {"x": {"cmd": "y"}}}, "checks.security.scanners.x.cmd is not a known key"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_its_path(
    module: Any, table: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        module.make_check(table, workplace(tmp_path))
    assert caught.value.message.startswith(said)
    assert caught.value.exit_code == 2


def test_all_problems_are_in_the_detail(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        tests.make_check({"comand": "x", "timeout": "soon"}, workplace(tmp_path))
    assert "checks.tests.comand" in caught.value.detail
    assert "checks.tests.timeout" in caught.value.detail


@pytest.mark.parametrize("module", [branch, migrations, security, tests])
def test_an_empty_table_is_enough(module: Any, tmp_path: Path) -> None:
    assert module.make_check({}, workplace(tmp_path))
