import re
from pathlib import Path

import pytest

import hotfix_deploy_runner
from hotfix_deploy_runner.config.load import load
from hotfix_deploy_runner.config.model import Settings
from hotfix_deploy_runner.config.variables import OTHERS, given_by, unknown, variables
from hotfix_deploy_runner.errors import UsageError

FILE = 'target = "file"\nrollback_threshold = 1\n[watch]\nwindow = "1m"\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "hotfix.toml").write_text(FILE)
    return tmp_path


def test_the_parameters_of_a_run_have_variables() -> None:
    found = variables(Settings)
    for name in ("TARGET", "SKIP_STAGING", "ROLLBACK_THRESHOLD", "NOTIFY", "WATCH_WINDOW", "ROLLOUT_BATCHES"):
        assert f"HOTFIX_{name}" in found
    assert found["HOTFIX_WATCH_WINDOW"] == ("watch", "window")
    assert "HOTFIX_ENVIRONMENTS" not in found, "a table of free names has none"


def test_flag_beats_variable_beats_file_beats_default(checkout: Path) -> None:
    environ = {"HOTFIX_TARGET": "variable", "HOTFIX_ROLLBACK_THRESHOLD": "2.5"}
    loaded = load(checkout, None, {"target": "flag"}, environ)
    assert (loaded.settings.target, loaded.settings.rollback_threshold) == ("flag", 2.5)
    assert (loaded.settings.watch.window, loaded.settings.remote) == (60.0, "origin")
    origins = [loaded.origin(key) for key in (("target",), ("rollback_threshold",), ("watch", "window"), ("remote",))]
    assert origins == ["--target", "HOTFIX_ROLLBACK_THRESHOLD", "hotfix.toml:4", "default"]


def test_a_default_beside_what_is_given_is_a_default(checkout: Path) -> None:
    assert load(checkout).origin(("watch", "interval")) == "default"


def test_without_an_environment_none_is_read(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTFIX_TARGET", "variable")
    assert load(checkout).settings.target == "file"


@pytest.mark.parametrize(
    ("name", "text", "key", "expected"),
    [
        ("HOTFIX_NOTIFY", "slack, pager", "notify", ["slack", "pager"]),
        ("HOTFIX_NOTIFY", "slack pager", "notify", ["slack", "pager"]),
        ("HOTFIX_NOTIFY", "slack mailto://a:b@c?to=d,e", "notify", ["slack", "mailto://a:b@c?to=d,e"]),
        ("HOTFIX_ROLLBACK_THRESHOLD", "2", "rollback_threshold", 2.0),
        ("HOTFIX_SKIP_STAGING", "1", "skip_staging", True),
        ("HOTFIX_SKIP_STAGING", "no", "skip_staging", False),
        ("HOTFIX_TAG_FORMAT", "a,b {version}", "tag_format", "a,b {version}"),
        ("HOTFIX_TARGET", "  ", "target", "production"),
    ],
)
def test_what_a_variable_means(tmp_path: Path, name: str, text: str, key: str, expected: object) -> None:
    assert getattr(load(tmp_path, environ={name: text}).settings, key) == expected


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("HOTFIX_ROLLBACK_THRESHOLD", "high", "HOTFIX_ROLLBACK_THRESHOLD: rollback_threshold: "),
        ("HOTFIX_ROLLBACK_THRESHOLD", "500", "HOTFIX_ROLLBACK_THRESHOLD: rollback_threshold: "),
        ("HOTFIX_SKIP_STAGING", "perhaps", "HOTFIX_SKIP_STAGING: skip_staging: "),
        ("HOTFIX_ROLLOUT_BATCHES", "1,many", "HOTFIX_ROLLOUT_BATCHES: rollout.batches.1: "),
    ],
)
def test_a_wrong_value_is_told_with_its_variable(checkout: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(checkout, environ={name: text})
    assert caught.value.detail.startswith(told)


def test_a_misspelled_variable_is_named_with_the_nearest(checkout: Path) -> None:
    remarks = load(checkout, environ={"HOTFIX_ROLBACK_THRESHOLD": "3"}).remarks
    assert remarks == (
        "HOTFIX_ROLBACK_THRESHOLD is no setting, and is not read; did you mean HOTFIX_ROLLBACK_THRESHOLD?",
    )


def test_one_that_is_like_no_other_is_named_too() -> None:
    assert [*unknown({"HOTFIX_ZEBRA": "", "PATH": ""}, Settings)] == ["HOTFIX_ZEBRA is no setting, and is not read"]


@pytest.mark.parametrize("used", ['start = "run $HOTFIX_API"', 'webhook_env = "HOTFIX_API"', 'x = "${HOTFIX_API}/"'])
def test_a_variable_that_the_file_names_is_nobodys_mistake(used: str) -> None:
    assert [*unknown({"HOTFIX_API": "x"}, Settings, used)] == []
    assert [*unknown({"HOTFIX_AP": "x"}, Settings, used)] != []


def test_what_the_runner_itself_sets_is_known() -> None:
    """Whoever calls the runner from a test or from an instance inherits these."""
    names = ("BRANCH", "ENV", "JUNIT", "URL", "VERSION", "OPERATOR", "CONFIG", "REASON")
    assert [*unknown({f"HOTFIX_{name}": "x" for name in names}, Settings)] == []


def test_every_variable_that_the_source_names_is_known() -> None:
    """Else whoever sets it is told that it is a mistake."""
    source = Path(hotfix_deploy_runner.__file__).parent
    named = {name for file in source.rglob("*.py") for name in re.findall(r"\bHOTFIX_[A-Z_]*[A-Z]\b", file.read_text())}
    examples = {"HOTFIX_API"}  # in docstrings
    assert named - examples - variables(Settings).keys() - OTHERS == set(), "add it to config.variables.OTHERS"


def test_an_empty_variable_gives_nothing() -> None:
    assert given_by({"HOTFIX_TARGET": "", "HOTFIX_NOTIFY": " "}, Settings) == {}
