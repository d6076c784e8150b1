import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hotfix_deploy_runner.cli.main import main


@pytest.fixture(autouse=True)
def there(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(checkout)
    (checkout / "hotfix.toml").write_text('target = "blue"\n[watch]\nwindow = "3m"\n')
    return checkout


def called(*arguments: str, **env: str) -> Result:
    return CliRunner().invoke(main, ["config", *arguments], env=env)


def test_each_value_is_shown_with_where_it_came_from() -> None:
    done = called("show", "--batches", "1,100%", HOTFIX_ROLLBACK_THRESHOLD="2")
    assert done.exit_code == 0, done.output
    found = dict(line.split("  # ")[::1] for line in map(_squeezed, done.stdout.splitlines()))
    assert found['target = "blue"'] == "hotfix.toml:1"
    assert found['watch.window = "3m"'] == "hotfix.toml:3"
    assert found["rollback_threshold = 2.0"] == "HOTFIX_ROLLBACK_THRESHOLD"
    assert found['rollout.batches = ["1", "100%"]'] == "--batches"
    assert found['remote = "origin"'] == "default"


def _squeezed(line: str) -> str:
    text, _, origin = line.rpartition("# ")
    return f"{text.rstrip()}  # {origin}"


def test_as_json_a_line_each() -> None:
    lines = [json.loads(line) for line in called("show", "--json").stdout.splitlines()]
    assert {"key": "target", "value": '"blue"', "origin": "hotfix.toml:1"} in lines


def test_a_misspelled_variable_is_a_warning_beside_the_output() -> None:
    done = called("show", HOTFIX_ROLBACK_THRESHOLD="2")
    assert done.exit_code == 0
    assert "Warning: HOTFIX_ROLBACK_THRESHOLD is no setting" in done.stderr
    assert "did you mean HOTFIX_ROLLBACK_THRESHOLD?" in done.stderr
    assert "Warning" not in done.stdout


def test_a_secret_of_the_environment_is_not_shown(there: Path) -> None:
    (there / "hotfix.toml").write_text('[setup]\ncommand = "login hunter2-hunter2"\n')
    done = called("show", DEPLOY_TOKEN="hunter2-hunter2")
    assert "hunter2" not in done.output
    assert "setup.command" in done.stdout


def test_a_wrong_file_is_told_with_its_line(there: Path) -> None:
    (there / "hotfix.toml").write_text("[watch]\nwindw = 1\n")
    done = called("show")
    assert done.exit_code == 2
    assert "hotfix.toml:2: watch.windw: unknown key; did you mean window?" in done.stderr


def test_the_schema_is_the_one_in_docs() -> None:
    kept = Path(__file__).parents[2] / "docs" / "hotfix.schema.json"
    assert called("schema").stdout == kept.read_text(encoding="utf-8")


def test_outside_of_a_checkout_the_schema_is_printed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert subprocess.run(["git", "rev-parse"], capture_output=True).returncode != 0
    assert called("schema").exit_code == 0
