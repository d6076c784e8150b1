from collections.abc import Iterator
from pathlib import Path

import pytest

from hotfix_deploy_runner import plugins
from hotfix_deploy_runner.errors import UsageError
from hotfix_deploy_runner.platforms.process import make_platform


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody's package: one platform that works, one that lacks a dependency, one that is not where it says."""
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[hotfix_deploy_runner.platforms]\n"
        "nomad = h9_theirs:make\nlacking = h9_lacking:make\nmisspelled = h9_theirs:mkae\n"
    )
    (tmp_path / "h9_theirs.py").write_text("def make(settings, site):\n    return ('nomad', settings, site)\n")
    (tmp_path / "h9_lacking.py").write_text("import a_package_that_nobody_has\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield


def test_what_ships_is_found_by_its_entry_points() -> None:
    assert "process" in plugins.names("platforms")
    assert {"branch", "tests", "security", "migrations"} <= set(plugins.names("checks"))
    assert "scrape" in plugins.names("metrics")
    assert "slack" in plugins.names("notifiers")
    assert "archive" in plugins.names("artifacts")


@pytest.mark.parametrize("group", ["platforms", "checks", "metrics", "notifiers", "artifacts"])
def test_whatever_is_listed_can_be_loaded(group: plugins.Group) -> None:
    for name in plugins.names(group):
        assert callable(plugins.factory(group, name))


def test_somebody_elses_comes_in_through_the_same_door(installed: None) -> None:
    assert "nomad" in plugins.names("platforms")
    assert plugins.factory("platforms", "nomad")({"a": 1}, "here") == ("nomad", {"a": 1}, "here")


def test_names_come_in_order_and_once(installed: None) -> None:
    names = plugins.names("platforms")
    assert list(names) == sorted(set(names))


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="'proces'; did you mean process"):
        plugins.factory("platforms", "proces")


def test_an_unknown_name_like_no_other_is_answered_with_all() -> None:
    with pytest.raises(UsageError, match=r"'xyzzy'; there is: .*scrape"):
        plugins.factory("metrics", "xyzzy")


@pytest.mark.parametrize(("name", "seen"), [("lacking", "a_package_that_nobody_has"), ("misspelled", "mkae")])
def test_one_that_cannot_be_loaded_says_why(installed: None, name: str, seen: str) -> None:
    with pytest.raises(UsageError, match=f"'{name}' cannot be loaded") as refused:
        plugins.factory("platforms", name)
    assert seen in refused.value.detail
    assert refused.value.next_step == f'pip install "hotfix-deploy-runner[{name}]"'


def test_a_factory_is_given_as_it_is() -> None:
    assert plugins.factory("platforms", "process") is make_platform
