"""`--override CHECK --reason …` and its like: what is asked for, and what is refused."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from hotfix_deploy_runner.cli import deploy, plan
from hotfix_deploy_runner.cli.project import deploy_request, open_project, overrides
from hotfix_deploy_runner.core.facts import Request
from hotfix_deploy_runner.errors import UsageError

NOTHING = {"target": None, "skip_staging": None, "rollback_threshold": None, "notify": ()}


def asked(checkout: Path, monkeypatch: pytest.MonkeyPatch, reason: str, *override: str, **given: object) -> Request:
    monkeypatch.chdir(checkout)
    project = open_project(None, overrides({**NOTHING, **given}))
    return deploy_request(project, "hotfix/x", reason, {"override": override, "base": "", "accept_mixed": False})


def test_the_reason_is_kept_for_all_that_is_exempt(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = asked(checkout, monkeypatch, " it burns ", "tests", "way-back", "tests", skip_staging=True)
    assert request.reasons == {"staging": "it burns", "tests": "it burns", "way-back": "it burns"}
    assert asked(checkout, monkeypatch, "said for nothing").reasons == {}


@pytest.mark.parametrize(
    ("override", "skip", "said"),
    [
        (("tests",), None, "--override tests demands --reason"),
        ((), True, "--skip-staging demands --reason"),
        (("tests",), True, "--skip-staging --override tests demand --reason"),
    ],
)
def test_without_a_reason_nothing_is_exempt(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, override: tuple[str, ...], skip: bool | None, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        asked(checkout, monkeypatch, "  ", *override, skip_staging=skip)


def test_a_check_that_does_not_exist_is_refused_with_the_nearest(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"no check is called 'migration'; did you mean migrations\?"):
        asked(checkout, monkeypatch, "x", "migration")
    with pytest.raises(UsageError, match="there is: branch, tests, security"):
        asked(checkout, monkeypatch, "x", "qqq")


def test_a_reason_gives_no_secret_away(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_TOKEN", "s3cr3t-s3cr3t-s3cr3t")
    assert "s3cr3t" not in asked(checkout, monkeypatch, "login with s3cr3t-s3cr3t-s3cr3t", "tests").reasons["tests"]


def test_migrations_are_allowed_by_flag_variable_and_file(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout)
    assert not open_project(None, overrides(NOTHING)).settings.migrations.allow
    flagged = open_project(None, overrides({**NOTHING, "allow_migrations": True})).loaded
    assert flagged.settings.migrations.allow
    assert flagged.origin(("migrations", "allow")) == "--allow-migrations"
    monkeypatch.setenv("HOTFIX_MIGRATIONS_ALLOW", "true")
    assert open_project(None, overrides(NOTHING)).settings.migrations.allow


@pytest.mark.parametrize("command", [deploy.command, plan.command])
def test_the_flags_are_there(command: object) -> None:
    shown = CliRunner().invoke(command, ["--help"]).output  # type: ignore[arg-type]
    assert "--override CHECK" in shown and "--allow-migrations" in shown
