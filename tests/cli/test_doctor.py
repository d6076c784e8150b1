import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.fakes.repository import Repository, make_repository

from hotfix_deploy_runner.cli.main import main

FILE = """\
[checks.tests]
command = "sh tests.sh"
[environments.staging.web]
start = "serve"
ports = "9101-9102"
[environments.production.web]
start = "serve"
ports = "9111-9112"
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = make_repository(tmp_path)
    monkeypatch.chdir(made.clone)
    for name in ("SLACK_WEBHOOK_URL", "SLACK_BOT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return made


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments])


def everything(folder: Path) -> dict[str, bytes]:
    """All but git's object stores: the try of a lock leaves its commit there, which nothing points to."""
    files = [path for path in folder.rglob("*") if path.is_file() and "objects" not in path.parts]
    return {str(path): path.read_bytes() for path in files}


def test_before_anything_is_set_up(repository: Repository) -> None:
    done = doctor()
    assert done.exit_code == 2
    assert "  [FAIL] There is no hotfix.toml\n         hotfix-deploy-runner init\n" in done.stdout
    assert "  [FAIL] There is no environment production" in done.stdout


def test_every_line_has_its_shape_and_nothing_is_changed(repository: Repository) -> None:
    (repository.clone / "hotfix.toml").write_text(FILE)
    before = everything(repository.folder)
    done = doctor()
    assert everything(repository.folder) == before, "the doctor changes nothing"
    shapes = r"  \[(OK|WARN|FAIL|SKIP)\] \S.*|         \S.*|[A-Z][a-z ]+:|"
    assert [line for line in done.stdout.splitlines() if not re.fullmatch(shapes, line)] == []
    assert "  [OK] hotfix.toml is valid" in done.stdout
    assert "  [OK] Tests: sh tests.sh" in done.stdout
    assert "  [SKIP] slack is not told" in done.stdout
    assert "  [FAIL] production.web: nothing runs yet" in done.stdout


def test_wrong_settings_hide_nothing_that_does_not_depend_on_them(repository: Repository) -> None:
    (repository.clone / "hotfix.toml").write_text("targt = 1\n")
    done = doctor()
    assert done.exit_code == 2
    assert "hotfix.toml:1: targt: unknown key; did you mean target?" in done.stdout
    assert "Remote origin answers" in done.stdout
    assert "Environments:" not in done.stdout


def test_a_wrong_table_of_a_platform_is_told(repository: Repository) -> None:
    (repository.clone / "hotfix.toml").write_text(FILE.replace('start = "serve"\n', "", 1))
    done = doctor()
    assert done.exit_code == 2
    assert "environments.staging.web" in done.stdout and "start" in done.stdout


def test_a_misspelled_variable_is_a_warning(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTFIX_ROLBACK_THRESHOLD", "3")
    assert "  [WARN] HOTFIX_ROLBACK_THRESHOLD is no setting" in doctor().stdout
