import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.fakes.repository import Repository, make_repository
from tests.fakes.samples import DJANGO, GO, NODE, PYTHON, RUBY, Files

from hotfix_deploy_runner.cli.main import main
from hotfix_deploy_runner.config.load import load
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.reference.shown import rows

SAMPLES = {"python": PYTHON, "django": DJANGO, "node": NODE, "go": GO, "ruby": RUBY}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = make_repository(tmp_path)
    made.git("rm", "-q", "app.py")
    monkeypatch.chdir(made.clone)
    return made


def init(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["init", *arguments])


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_written_is_valid_and_every_guess_says_why(repository: Repository, name: str) -> None:
    files: Files = SAMPLES[name]
    repository.commit(files)
    done = init()
    assert done.exit_code == 0, done.output
    text = (repository.clone / "hotfix.toml").read_text()
    loaded = load(repository.clone)
    assert loaded.settings.tag_format == "v{version}"
    assert {"staging", "production"} == loaded.settings.environments.keys()
    assert [*rows(loaded, Redactor())], "the plug-ins take their tables"
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line and not line.startswith(("#", "[")):
            assert lines[number - 1].startswith("# "), f"no comment above: {line}"


def test_what_was_detected_is_told_and_what_is_missing(repository: Repository) -> None:
    repository.commit(GO)
    done = init()
    assert "  [OK] Language: Go (modules)" in done.stdout
    assert "[WARN] Health address: /livez" in done.stdout
    assert "  [WARN] Smoke tests, against $HOTFIX_URL: not found" in done.stdout
    assert "fill in metrics.requests, such as http_requests_total" in done.stdout
    assert "  [OK] Tests: go test -json" in done.stdout
    assert "hotfix-deploy-runner doctor" in done.stdout


def test_an_unknown_repository_gets_a_file_to_fill_in(repository: Repository) -> None:
    done = init()
    assert done.exit_code == 0
    text = (repository.clone / "hotfix.toml").read_text()
    assert '# start = "exec ./service --port $PORT"' in text
    assert "start" not in tomllib.loads(text)["environments"]["production"]["web"]
    assert "[WARN] Start: not found" in done.stdout


def test_a_file_that_is_there_is_not_touched(repository: Repository) -> None:
    path = repository.clone / "hotfix.toml"
    path.write_text("target = 'mine'\n")
    done = init()
    assert done.exit_code == 2
    assert "hotfix.toml is there already" in done.stderr and "--force" in done.stderr
    assert path.read_text() == "target = 'mine'\n"
    assert init("--force").exit_code == 0
    assert "mine" not in path.read_text()


def test_settings_in_pyproject_are_not_hidden(repository: Repository) -> None:
    repository.commit({"pyproject.toml": '[tool.hotfix]\ntarget = "mine"\n'})
    done = init()
    assert done.exit_code == 2
    assert "pyproject.toml has settings already" in done.stderr
    assert not (repository.clone / "hotfix.toml").exists()


def test_printing_writes_nothing(repository: Repository) -> None:
    done = init("--print")
    assert tomllib.loads(done.stdout)["tag_format"] == "v{version}"
    assert not (repository.clone / "hotfix.toml").exists()


def test_another_remote_and_another_main_branch(repository: Repository) -> None:
    repository.git("remote", "rename", "origin", "upstream")
    repository.git("branch", "-m", "main", "master")
    repository.git("push", "--quiet", "upstream", "master")
    repository.git("symbolic-ref", "HEAD", "refs/heads/master", cwd=repository.origin)
    repository.git("push", "--quiet", "upstream", ":main")
    init()
    settings = load(repository.clone).settings
    assert (settings.remote, settings.merge.into) == ("upstream", ["master"])


def test_outside_of_a_checkout_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert init().exit_code == 2
