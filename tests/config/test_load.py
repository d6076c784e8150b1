"""Reading hotfix.toml, and saying what is wrong in it, key by key, with the line."""

from pathlib import Path
from typing import Any

import pytest

from hotfix_deploy_runner.config.load import Loaded, load
from hotfix_deploy_runner.config.model import Settings
from hotfix_deploy_runner.errors import UsageError


def read(folder: Path, text: str | None = None, name: str = "hotfix.toml", **overrides: Any) -> Loaded:
    if text is not None:
        (folder / name).write_text(text)
    return load(folder, overrides={key.replace("__", "."): value for key, value in overrides.items()})


def wrong(folder: Path, text: str, name: str = "hotfix.toml", **overrides: Any) -> list[str]:
    """The lines that say what is wrong."""
    with pytest.raises(UsageError) as refused:
        read(folder, text, name, **overrides)
    lines = refused.value.detail.splitlines()
    assert refused.value.exit_code == 2
    assert f"{len(lines)} wrong" in refused.value.message
    return lines


def only_wrong(folder: Path, text: str, name: str = "hotfix.toml", **overrides: Any) -> str:
    lines = wrong(folder, text, name, **overrides)
    assert len(lines) == 1, lines
    return lines[0]


def test_without_a_file_everything_is_as_documented(tmp_path: Path) -> None:
    loaded = read(tmp_path)
    assert loaded.path is None
    assert loaded.settings == Settings()


def test_the_file_is_read(tmp_path: Path) -> None:
    loaded = read(tmp_path, 'rollback_threshold = 2.5\nnotify = []\n[watch]\nwindow = "1m30s"\n')
    assert loaded.path == tmp_path / "hotfix.toml"
    assert (loaded.settings.rollback_threshold, loaded.settings.notify) == (2.5, [])
    assert loaded.settings.watch.window == 90.0


def test_a_table_of_pyproject_does_too(tmp_path: Path) -> None:
    loaded = read(tmp_path, "[project]\nname = 'x'\n[tool.hotfix]\nrollback_threshold = 2.5\n", "pyproject.toml")
    assert loaded.path == tmp_path / "pyproject.toml"
    assert loaded.settings.rollback_threshold == 2.5


def test_a_pyproject_without_the_table_is_no_configuration(tmp_path: Path) -> None:
    assert read(tmp_path, "[tool.ruff]\nline-length = 100\n", "pyproject.toml").path is None


def test_hotfix_toml_goes_before_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.hotfix]\nrollback_threshold = 1.0\n")
    assert read(tmp_path, "rollback_threshold = 2.0\n").settings.rollback_threshold == 2.0


def test_a_file_that_was_named_goes_before_both(tmp_path: Path) -> None:
    (tmp_path / "hotfix.toml").write_text("rollback_threshold = 2.0\n")
    other = tmp_path / "elsewhere" / "other.toml"
    other.parent.mkdir()
    other.write_text("rollback_threshold = 3.0\n")
    assert load(tmp_path, other).settings.rollback_threshold == 3.0


def test_a_file_that_was_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"other\.toml does not exist"):
        load(tmp_path, tmp_path / "other.toml")


def test_a_flag_beats_the_file(tmp_path: Path) -> None:
    text = 'target = "production"\nrollback_threshold = 2.0\n[rollout]\nbatches = ["1"]\nmin_healthy = "3s"\n'
    loaded = read(tmp_path, text, target="staging", rollout__batches=["2", "100%"], notify=None)
    assert loaded.settings.target == "staging"
    assert loaded.settings.rollout.batches == ["2", "100%"]
    assert (loaded.settings.rollback_threshold, loaded.settings.rollout.min_healthy) == (2.0, 3.0), "the rest stays"
    assert loaded.settings.notify == ["slack"], "None is not given"


def test_a_variable_beats_the_file_and_a_flag_beats_the_variable(tmp_path: Path) -> None:
    (tmp_path / "hotfix.toml").write_text('rollback_threshold = 2.0\n[watch]\nwindow = "1m"\n')
    environ = {"HOTFIX_ROLLBACK_THRESHOLD": "3.5", "HOTFIX_WATCH_WINDOW": "2m"}
    settings = load(tmp_path, overrides={"watch.window": "3m"}, environ=environ).settings
    assert (settings.rollback_threshold, settings.watch.window) == (3.5, 180.0)


def test_the_file_stays_as_it_is_read_twice(tmp_path: Path) -> None:
    first = read(tmp_path, '[rollout]\nbatches = ["1"]\n', rollout__min_healthy="1s")
    assert read(tmp_path).settings.rollout.min_healthy == 10.0
    assert first.settings.rollout.min_healthy == 1.0


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("\nrolback_threshold = 5.0\n", 2, "rolback_threshold: unknown key; did you mean rollback_threshold?"),
        ("[rollout]\n# as ever\nbatchs = ['1']\n", 3, "rollout.batchs: unknown key; did you mean batches?"),
        ("[wach]\nwindow = '1m'\n", 1, "wach: unknown key; did you mean watch?"),
        ("rollout.batchs = ['1']\n", 1, "rollout.batchs: unknown key; did you mean batches?"),
        ("[watch] # how long\nwindw = '1m'\n", 2, "watch.windw: unknown key; did you mean window?"),
    ],
)
def test_an_unknown_key_is_named_with_its_line_and_the_nearest_there_is(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    assert only_wrong(tmp_path, text) == f"hotfix.toml:{line}: {words}"


def test_an_unknown_key_like_no_other_has_no_suggestion(tmp_path: Path) -> None:
    assert only_wrong(tmp_path, "xyzzy = 1\n") == "hotfix.toml:1: xyzzy: unknown key"


@pytest.mark.parametrize(
    ("text", "begins", "holds"),
    [
        ("target = 3\n", "hotfix.toml:1: target: ", "(it is 3)"),
        ("notify = 'slack'\n", "hotfix.toml:1: notify: ", "(it is 'slack')"),
        ("[setup]\ncommand = ['pip']\n", "hotfix.toml:2: setup.command: ", "(it is ['pip'])"),
        ("watch = 3\n", "hotfix.toml:1: watch: ", "(it is 3)"),
        ("rollback_threshold = 0.0\n", "hotfix.toml:1: rollback_threshold: ", "greater than 0"),
        ("rollback_threshold = 100\n", "hotfix.toml:1: rollback_threshold: ", "less than 100"),
        ("rollback_threshold = nan\n", "hotfix.toml:1: rollback_threshold: ", ""),
        ("[watch]\nalpha = 2.0\n", "hotfix.toml:2: watch.alpha: ", "less than 1"),
        ("[watch]\nwindow = 'soon'\n", "hotfix.toml:2: watch.window: ", "'soon' is not a duration such as 10m"),
        ("[watch]\nwindow = '0s'\n", "hotfix.toml:2: watch.window: ", "greater than 0"),
        ("[watch]\nwindow = -3\n", "hotfix.toml:2: watch.window: ", "-3"),
        ("[watch]\non_breach = 'panic'\n", "hotfix.toml:2: watch.on_breach: ", "'rollback' or 'hold'"),
        ("tag_format = 'v1'\n", "hotfix.toml:1: tag_format: ", "(it is 'v1')"),
        ("[rollout]\nbatches = []\n", "hotfix.toml:2: rollout.batches: ", "at least 1"),
        ("[rollout]\nrollback_min_serving = 101.0\n", "hotfix.toml:2: rollout.rollback_min_serving: ", "100"),
    ],
)
def test_a_wrong_value_is_named_with_its_line_and_what_it_is(
    tmp_path: Path, text: str, begins: str, holds: str
) -> None:
    line = only_wrong(tmp_path, text)
    assert line.startswith(begins), line
    assert holds in line


@pytest.mark.parametrize("size", ["half", "0", "-1", "10 %", "101%", "1.5", "", "%", "1e2%"])
def test_a_batch_is_a_count_or_a_share(tmp_path: Path, size: str) -> None:
    line = only_wrong(tmp_path, f"[rollout]\nmin_healthy = '1s'\nbatches = [\n  '1',\n  '{size}',\n]\n")
    assert line.startswith("hotfix.toml:3: rollout.batches.1: ")
    assert "neither a count (1) nor a share (10%)" in line
    assert repr(size) in line


@pytest.mark.parametrize("size", ["1", "25", "1%", "33.3%", "100%"])
def test_a_good_batch_is_taken(tmp_path: Path, size: str) -> None:
    assert read(tmp_path, f"[rollout]\nbatches = ['{size}']\n").settings.rollout.batches == [size]


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    lines = wrong(tmp_path, "target = 1\n[watch]\nwindow = 'x'\n[rollout]\nbatchs = 1\n")
    assert [line.split(": ")[0] for line in lines] == ["hotfix.toml:1", "hotfix.toml:3", "hotfix.toml:5"]


def test_a_wrong_flag_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    line = only_wrong(tmp_path, "rollback_threshold = 2.0\n", rollback_threshold=500.0)
    assert "hotfix.toml" not in line
    assert "rollback_threshold" in line and "500" in line


def test_a_wrong_batch_of_a_flag_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    line = only_wrong(tmp_path, "[rollout]\nbatches = ['1']\n", rollout__batches=["half"])
    assert "hotfix.toml" not in line


def test_a_flag_without_a_file_is_told_as_well(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the settings: 1 wrong"):
        read(tmp_path, None, rollback_threshold=-1.0)


def test_a_table_that_is_no_table_is_told_also_when_a_flag_reaches_into_it(tmp_path: Path) -> None:
    assert any(line.startswith("hotfix.toml:1") for line in wrong(tmp_path, "rollout = 3\n", rollout__batches=["1"]))


def test_in_pyproject_the_line_is_that_of_our_own_table(tmp_path: Path) -> None:
    text = "[tool.pytest]\nwindow = 1\ntarget = 2\n[tool.hotfix]\ntarget = 3\n[tool.hotfix.watch]\nwindow = 'x'\n"
    lines = wrong(tmp_path, text, "pyproject.toml")
    assert [line.split(": ")[:2] for line in lines] == [
        ["pyproject.toml:5", "target"],
        ["pyproject.toml:7", "watch.window"],
    ]


def test_what_is_no_toml_is_said_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"hotfix\.toml is not TOML") as refused:
        read(tmp_path, "target = \n")
    assert "line 1" in refused.value.detail


def test_what_is_no_text_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / "hotfix.toml").write_bytes(b'target = "\xff\xfe"\n')
    with pytest.raises(UsageError, match="is not TOML"):
        read(tmp_path)


def test_a_hotfix_that_is_no_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"tool\.hotfix is no table"):
        read(tmp_path, "[tool]\nhotfix = 3\n", "pyproject.toml")


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, encoding: str = "") -> str:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "hotfix.toml").write_text("")
    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(UsageError, match="cannot be read") as refused:
        read(tmp_path)
    assert "Permission denied" in refused.value.detail


@pytest.mark.parametrize(
    "text",
    [
        'rollback_threshold = "5"\n',
        'skip_staging = "yes"\n',
        "skip_staging = 1\n",
        "target = 3\n",
        'notify = "slack"\n',
        "merge = 1\n",
        "rollback_threshold = 2026-01-01\n",
    ],
)
def test_a_value_of_another_type_is_wrong(tmp_path: Path, text: str) -> None:
    told = only_wrong(tmp_path, text)
    assert told.startswith(f"hotfix.toml:1: {text.split()[0]}: Input should be ")


def test_a_whole_number_is_a_number(tmp_path: Path) -> None:
    assert read(tmp_path, "rollback_threshold = 2\n").settings.rollback_threshold == 2.0
