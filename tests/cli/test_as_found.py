"""What the operator says of production as it is found: for one run, by flag or variable, never in the file."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from hotfix_deploy_runner.cli import deploy, plan
from hotfix_deploy_runner.cli.main import main
from hotfix_deploy_runner.config.load import load
from hotfix_deploy_runner.core.facts import Request
from hotfix_deploy_runner.errors import UsageError


def asked(monkeypatch: pytest.MonkeyPatch, command: str, *options: str, **env: str) -> Request:
    """The request that a command line makes."""
    seen: list[Request] = []

    async def look(project: object, request: Request, *rest: object) -> None:
        seen.append(request)
        raise UsageError("seen")

    monkeypatch.setattr(deploy, "deploy", look)
    monkeypatch.setattr(plan, "planned_deploy", look)
    CliRunner().invoke(main, [command, "--branch", "hotfix/x", *options], env=env)
    return seen[0]


@pytest.mark.parametrize("command", ["deploy", "plan"])
def test_the_base_is_named_by_flag_or_variable(checkout: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.chdir(checkout)
    assert asked(monkeypatch, command).base == ""
    assert asked(monkeypatch, command, HOTFIX_BASE="v1.0.0").base == "v1.0.0"
    assert asked(monkeypatch, command, "--base", "3f2a1b9", HOTFIX_BASE="v1.0.0").base == "3f2a1b9"


def test_mixed_versions_are_accepted_by_flag_or_variable(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout)
    assert not asked(monkeypatch, "deploy").accept_mixed
    assert asked(monkeypatch, "deploy", "--accept-mixed").accept_mixed
    assert asked(monkeypatch, "deploy", HOTFIX_ACCEPT_MIXED="1").accept_mixed
    assert not asked(monkeypatch, "deploy", HOTFIX_ACCEPT_MIXED="no").accept_mixed


@pytest.mark.parametrize("line", ['base = "v1.0.0"', "accept_mixed = true"])
def test_neither_is_a_key_of_the_file(checkout: Path, line: str) -> None:
    (checkout / "hotfix.toml").write_text(f"{line}\n")
    with pytest.raises(UsageError) as refused:
        load(checkout)
    assert "unknown key" in refused.value.detail
