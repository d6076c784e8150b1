"""Every table of settings is read by the same reader, so every plug-in's wrong settings are told the same way."""

import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError, field_validator

from hotfix_deploy_runner.artifacts.archive import make_builder
from hotfix_deploy_runner.checks import branch, migrations, security, tests
from hotfix_deploy_runner.config.load import load
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import UsageError
from hotfix_deploy_runner.metrics.scrape import make_source
from hotfix_deploy_runner.notifiers.slack import make_notifier
from hotfix_deploy_runner.platforms.process import make_platform
from hotfix_deploy_runner.ports import Site, Workplace
from hotfix_deploy_runner.settings import Duration, InsidePath, Table, read_table

SECRET = "hunter2-hunter2"


class Inner(Table):
    deep: int = 0
    api_token: int = 0


class Outer(Table):
    name: str
    limit: int = 3
    many: tuple[str, ...] = ()
    wait: Duration = Field(1.0, gt=0)
    folder: InsidePath = ""
    inner: Inner = Inner()
    named: dict[str, Inner] = {}  # noqa: RUF012 - pydantic copies it
    listed: list[Inner] = []  # noqa: RUF012
    env: dict[str, str] = {}  # noqa: RUF012
    password: str = ""

    @field_validator("password")
    @classmethod
    def _is_short(cls, password: str) -> str:
        if len(password) > 6:
            raise ValueError(f"{password} is too long")
        return password


def refused(table: dict[str, Any]) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read_table(Outer, table, "here")
    return caught.value


def test_a_table_is_read_with_its_defaults() -> None:
    table = read_table(Outer, {"name": "x", "many": ["a"], "wait": "1m30s", "inner": {"deep": 2}}, "here")
    assert table == Outer(name="x", limit=3, many=("a",), wait=90, inner=Inner(deep=2))


def test_a_table_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        read_table(Outer, {"name": "x"}, "here").limit = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"limt": 1}, "here.limt: unknown key; did you mean limit?"),
        ({"zzz": 1}, "here.zzz: unknown key"),
        ({"name": 1}, "here.name: Input should be a valid string (it is 1)"),
        ({"many": "a"}, "here.many: Input should be a valid array (it is 'a')"),
        ({"many": ["a", 1]}, "here.many.1: Input should be a valid string (it is 1)"),
        ({"inner": {"deep": "y"}}, "here.inner.deep: Input should be a valid integer (it is 'y')"),
        ({"inner": {"dep": 1}}, "here.inner.dep: unknown key; did you mean deep?"),
        ({"named": {"a": {"dep": 1}}}, "here.named.a.dep: unknown key; did you mean deep?"),
        ({"listed": [{"dep": 1}]}, "here.listed.0.dep: unknown key; did you mean deep?"),
        ({"name": {"depp": {"dep": 1}}}, "here.name: Input should be a valid string (it is {'depp': {'dep': 1}})"),
        ({"limit": "3"}, "here.limit: Input should be a valid integer (it is '3')"),
        ({"limit": 3.5}, "here.limit: Input should be a valid integer"),
        ({"limit": True}, "here.limit: Input should be a valid integer"),
        ({"wait": "soon"}, "here.wait: 'soon' is not a duration"),
        ({"wait": True}, "here.wait: True is not a duration"),
        ({"wait": 0}, "here.wait: Input should be greater than 0 (it is 0.0)"),
        ({"folder": "/etc"}, "here.folder: has to be relative"),
        ({"folder": "a/../../b"}, "here.folder: has to be relative"),
    ],
)
def test_a_wrong_key_is_named_with_its_place(table: dict[str, Any], message: str) -> None:
    error = refused({"name": "x", **table})
    assert error.message.startswith(message)
    assert (error.detail, error.exit_code) == ("", 2)


def test_several_wrong_keys_are_listed_at_once() -> None:
    error = refused({"limt": 1, "wait": "soon", "inner": {"dep": 1}})
    assert error.message == "here: 4 wrong"
    named = [line.split(":")[0] for line in error.detail.splitlines()]
    assert sorted(named) == ["here.inner.dep", "here.limt", "here.name", "here.wait"]


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"inner": {"api_token": SECRET}}, "here.inner.api_token"),
        ({"inner": {"api_tokn": SECRET}}, "here.inner.api_tokn"),
        ({"env": {"DATABASE_URL": [SECRET]}}, "here.env.DATABASE_URL"),
        ({"env": f"A={SECRET}"}, "here.env"),
        ({"password": SECRET}, "here.password"),
        ({"password": {"old": SECRET}}, "here.password"),
        ({"limit": {"token": SECRET}}, "here.limit"),
        ({"limit": [{"env": {"A": SECRET}}]}, "here.limit"),
        ({"name": None, "password": "x", "env": {"A": SECRET}}, "here.name"),
    ],
)
def test_a_secret_is_not_told(table: dict[str, Any], key: str) -> None:
    error = refused({"name": "x", **table})
    assert error.message.startswith(f"{key}: ")
    told = "".join(traceback.format_exception(error)) + error.detail
    assert SECRET not in told


def test_a_missing_key_does_not_tell_the_table_around_it() -> None:
    assert refused({"limit": 1, "env": {"A": SECRET}}).message == "here.name: Field required"


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["deep", "x"]), inner, max_size=2),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["password", "env", "api_token", "webhook"]), _values, max_size=4))
def test_whatever_is_under_a_secret_key_is_not_told(table: dict[str, Any]) -> None:
    error = refused({"name": None, **table})
    assert SECRET not in error.message + error.detail


Make = Callable[[dict[str, Any]], object]


@pytest.fixture
def factories(tmp_path: Path) -> dict[str, Make]:
    """The factory of every plug-in that has settings, by the place of its table."""
    workplace = Workplace(tmp_path, tmp_path, Redactor())
    site = Site("staging", "web", tmp_path / "state", tmp_path / "artifacts", tmp_path / "caches", Redactor())
    start = {"start": "run", "ports": "9101-9103"}
    return {
        "checks.branch": lambda table: branch.make_check(table, workplace),
        "checks.tests": lambda table: tests.make_check(table, workplace),
        "checks.security": lambda table: security.make_check(table, workplace),
        "checks.migrations": lambda table: migrations.make_check(table, workplace),
        "metrics": lambda table: make_source(table, workplace),
        "notifiers.slack": lambda table: make_notifier(table, workplace),
        "build": lambda table: make_builder(table, workplace),
        "environments.staging.web": lambda table: make_platform({**start, **table}, site),
    }


CHECKS = ("checks.branch", "checks.tests", "checks.security", "checks.migrations")
PLACES = (*CHECKS, "metrics", "notifiers.slack", "build", "environments.staging.web")


@pytest.mark.parametrize("place", PLACES)
def test_an_empty_table_is_enough(factories: dict[str, Make], place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T/B/x")
    assert factories[place]({})


@pytest.mark.parametrize("place", PLACES)
def test_every_plug_in_refuses_what_it_does_not_know(factories: dict[str, Make], place: str) -> None:
    with pytest.raises(UsageError) as caught:
        factories[place]({"zzz": SECRET})
    assert caught.value.message == f"{place}.zzz: unknown key"


@pytest.mark.parametrize(
    ("place", "table", "said"),
    [
        ("checks.tests", {"comand": "x"}, "comand: unknown key; did you mean command?"),
        ("checks.tests", {"timeout": "soon"}, "timeout: 'soon' is not a duration"),
        ("checks.tests", {"timeout": 0}, "timeout: Input should be greater than 0"),
        ("checks.tests", {"junit": "../x.xml"}, "junit: has to be relative"),
        ("checks.branch", {"mian": "trunk"}, "mian: unknown key; did you mean main?"),
        ("checks.migrations", {"paths": []}, "paths: "),
        ("checks.migrations", {"allow": "perhaps"}, "allow: "),
        ("checks.security", {"level": "fatal"}, "level: "),
        ("checks.security", {"timeout": -1}, "timeout: "),
        ("checks.security", {"scanners": {}}, "scanners: "),
        ("checks.security", {"scanners": {"trivy": {}}}, "scanners: trivy needs a command"),
        ("checks.security", {"scanners": {"../x": {"command": "y"}}}, "scanners: '../x' is no name"),
        (
            "checks.security",
            {"scanners": {"x": {"comand": "y"}}},
            "scanners.x.comand: unknown key; did you mean command?",
        ),
        ("metrics", {"pth": "/m"}, "pth: unknown key; did you mean path?"),
        ("metrics", {"path": 3}, "path: Input should be a valid string (it is 3)"),
        ("metrics", {"errors": "5("}, "errors: not a regular expression: "),
        ("metrics", {"timeout": 0}, "timeout: Input should be greater than 0"),
        ("metrics", {"exclude": {"handler": "/x"}}, "exclude.handler: Input should be a valid array (it is '/x')"),
        ("notifiers.slack", {"webhok_env": "X"}, "webhok_env: unknown key; did you mean webhook_env?"),
        ("build", {"outptu": "dist"}, "outptu: unknown key; did you mean output?"),
        ("build", {"output": "/dist"}, "output: has to be relative"),
        ("build", {"output": "a/../../b"}, "output: has to be relative"),
        ("build", {"exclude": "*.md"}, "exclude: Input should be a valid array"),
        ("build", {"timeout": "-1s"}, "timeout: '-1s' is not a duration"),
        ("environments.staging.web", {"gracee": "1s"}, "gracee: unknown key; did you mean grace?"),
        ("environments.staging.web", {"grace": "soon"}, "grace: 'soon' is not a duration"),
        ("environments.staging.web", {"probe_limit": 0}, "probe_limit: Input should be greater than 0"),
        ("environments.staging.web", {"instances": "3"}, "instances: Input should be a valid integer (it is '3')"),
        ("environments.staging.web", {"instances": 0}, "instances: Input should be greater than or equal to 1"),
        ("environments.staging.web", {"instances": 4}, "ports: 3 ports are too few for 4 instances"),
        ("environments.staging.web", {"ports": "9103-9101"}, "ports: 9103-9101 is not a range"),
        ("environments.staging.web", {"ports": "http"}, "ports: not a list of ports"),
        ("environments.staging.web", {"ports": [9101, "x"]}, "ports: not a list of ports"),
        ("environments.staging.web", {"ready": "readyz"}, "ready: does not begin with /"),
        ("environments.staging.web", {"health": ""}, "health: does not begin with /"),
        ("environments.staging.web", {"start": " "}, "start: "),
        ("environments.staging.web", {"env": {"A": 1}}, "env.A: Input should be a valid string"),
        ("environments.staging.web", {"setup": {"comand": "x"}}, "setup.comand: unknown key; did you mean command?"),
        ("environments.staging.web", {"setup": {"timeout": "x"}}, "setup.timeout: 'x' is not a duration"),
        ("environments.staging.web", {"setup": "make"}, "setup: Input should be a table"),
    ],
)
def test_a_plug_ins_wrong_setting_is_named(
    factories: dict[str, Make], place: str, table: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        factories[place](table)
    assert caught.value.message.startswith(f"{place}.{said}")


def test_a_webhook_in_place_of_its_variables_name_is_refused_and_not_shown(factories: dict[str, Make]) -> None:
    with pytest.raises(UsageError) as caught:
        factories["notifiers.slack"]({"webhook_env": f"https://hooks.slack.com/services/{SECRET}"})
    assert caught.value.message.startswith("notifiers.slack.webhook_env: ")
    assert SECRET not in caught.value.message


def test_the_file_is_read_the_same_way_with_its_lines(tmp_path: Path) -> None:
    (tmp_path / "hotfix.toml").write_text(f'[setup]\ncomand = "x"\n[notifiers.x]\n[checks]\ntoken = "{SECRET}"\n')
    with pytest.raises(UsageError) as caught:
        load(tmp_path)
    first, second = sorted(caught.value.detail.splitlines())
    assert first == "hotfix.toml:2: setup.comand: unknown key; did you mean command?"
    assert second.startswith("hotfix.toml:5: checks.token: ")
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + caught.value.detail


@pytest.mark.parametrize(
    ("command", "code"), [(("--help",), 0), (("status",), 0), (("runs",), 0), (("show", "last"), 2)]
)
def test_quick_commands_do_without_the_reader(command: tuple[str, ...], code: int, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    argv = [sys.executable, "-X", "importtime", "-m", "hotfix_deploy_runner", *command]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == code, done.stderr[-500:]
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "hotfix_deploy_runner.cli.front" in imported
    assert not imported & {"pydantic", "hotfix_deploy_runner.settings"}
