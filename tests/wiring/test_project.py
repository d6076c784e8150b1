"""What a project is put together from, and that it is the real things."""

import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from tests.fakes.workshop import BRANCH, QUICK, Workshop, go
from tests.platforms.tiny_service import SOURCE, free_ports

from hotfix_deploy_runner.checks.branch import BranchCheck
from hotfix_deploy_runner.config.load import Loaded, load
from hotfix_deploy_runner.config.model import Settings
from hotfix_deploy_runner.core.ending import ExitCode
from hotfix_deploy_runner.core.facts import Action, Request
from hotfix_deploy_runner.core.fleet import Fleet
from hotfix_deploy_runner.core.hooks import Hook
from hotfix_deploy_runner.core.plan import plan
from hotfix_deploy_runner.core.plan_back import plan_end, plan_observation, plan_way_back
from hotfix_deploy_runner.core.policy import Policy
from hotfix_deploy_runner.core.revision import UNKNOWN
from hotfix_deploy_runner.doors.repository import find_repository
from hotfix_deploy_runner.errors import UsageError
from hotfix_deploy_runner.metrics.scrape import ScrapeSource
from hotfix_deploy_runner.platforms.process import ProcessPlatform
from hotfix_deploy_runner.platforms.version_url import VersionAsked
from hotfix_deploy_runner.wiring.launch import rollback
from hotfix_deploy_runner.wiring.project import CHECKS, Project, operator, steady_clock


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def project(shop: Workshop, **settings: Any) -> Project:
    return Project(find_repository(shop.repository.clone), Loaded(Settings.model_validate(settings), None))


def web(**more: Any) -> dict[str, Any]:
    ports = ",".join(map(str, free_ports(2)))
    start = f"{shlex.quote(sys.executable)} -I -S service.py"
    times = {"drain": "50ms", "grace": "5s", "start_limit": "10s"}
    return {"platform": "process", "ports": ports, "start": start, "ready": "/readyz", **times, **more}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[checks.tests]\n\ncomand = 'x'\n", "hotfix.toml:3: checks.tests.comand: unknown key; did you mean command?"),
        ("[metrics]\npath = 3\n", "hotfix.toml:2: metrics.path: Input should be a valid string (it is 3)"),
        ("[build]\noutput = '/'\n", "hotfix.toml:2: build.output: has to be relative"),
        ("[notifiers.slack]\nx = 1\n", "hotfix.toml:2: notifiers.slack.x: unknown key"),
        ("[environments.staging.web]\nports = '1'\n", "hotfix.toml:1: environments.staging.web.start: Field required"),
    ],
)
def test_what_is_wrong_in_a_plug_ins_table_is_told_with_its_line(shop: Workshop, text: str, told: str) -> None:
    (shop.repository.clone / "hotfix.toml").write_text(text)
    made = Project(find_repository(shop.repository.clone), load(shop.repository.clone))
    with pytest.raises(UsageError) as caught:
        _ = made.checks, made.metrics, made.builder, made.channels(), made.platforms
    assert caught.value.detail.startswith(told)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("total = 'l'\nlimit = 20", "hotfix.toml:3: metrics.more.logins.limit: has to be a text with its sign"),
        ("total = 'l'", "hotfix.toml:1: metrics.more.logins.limit: Field required"),
        (
            "limit = '20%'\non_breach = 'hold'",
            "hotfix.toml:3: metrics.more.logins.on_breach: Input should be 'rollback'",
        ),
    ],
)
def test_a_wrong_limit_of_a_further_metric_is_told_with_its_line(shop: Workshop, more: str, told: str) -> None:
    (shop.repository.clone / "hotfix.toml").write_text(f"[metrics.more.logins]\n{more}\n")
    made = Project(find_repository(shop.repository.clone), load(shop.repository.clone))
    with pytest.raises(UsageError) as caught:
        _ = made.policy
    assert caught.value.detail.startswith(told)


def test_everything_of_ours_lies_in_the_git_directory_and_nothing_in_the_checkout(shop: Workshop) -> None:
    made = project(shop)
    assert made.home == shop.repository.clone / ".git" / "hotfix"
    made.store.runs()
    made.locks.release(made.locks.acquire(("production",), "r", "ada"))
    assert shop.repository.git("status", "--porcelain") == ""


def test_every_kind_of_step_that_a_plan_may_hold_has_somebody_who_does_it(shop: Workshop) -> None:
    made = project(shop, environments={"staging": {"web": web()}, "production": {"web": web()}})
    performers = made.performers(lambda run: Path())
    there = {"staging": Fleet(), "production": Fleet()}
    runs = [shop.run("deploy", fleets=there, unconfigured={"slack": "how"}), shop.run("rollback", fleets=there)]
    hooked = Policy(hooks=get_args(Hook))
    runs += [shop.run(action, policy=hooked, fleets=there, before="before/v1") for action in get_args(Action)]
    steps = [p.step for run in runs for p in run.steps.values()]
    steps += plan(Request("deploy", "production", BRANCH), QUICK, shop.run().facts)  # without staging
    steps += [*plan_end(), plan_observation("production"), *plan_way_back("production", runs[0].facts, {})]
    missing = {step.does for step in steps if not step.judged} - set(performers)
    assert missing == set()
    assert {step.does for step in steps} >= {
        "deploy",
        "tag",
        "turn",
        "restore",
        "mark",
        "merge",
        "channels",
        "hook",
        "before",
    }


def test_platforms_are_made_in_the_order_of_the_file_each_with_a_state_of_its_own(shop: Workshop) -> None:
    tables = {"staging": {"web": web()}, "production": {"zeta": web(), "alpha": web()}}
    platforms = project(shop, environments=tables).platforms
    assert list(platforms) == [("staging", "web"), ("production", "zeta"), ("production", "alpha")]
    assert all(isinstance(platform, ProcessPlatform) for platform in platforms.values())


def test_a_wrong_key_of_a_platform_is_named_with_its_place(shop: Workshop) -> None:
    with pytest.raises(UsageError) as refused:
        _ = project(shop, environments={"production": {"web": web(instanzes=3)}}).platforms
    said = f"{refused.value.message} {refused.value.detail}"
    assert "environments.production.web.instanzes" in said and "did you mean" in said


def test_a_platform_whose_instances_are_asked_for_their_version_is_wrapped(shop: Workshop) -> None:
    made = project(shop, environments={"production": {"web": web(version_url="/version")}})
    assert isinstance(made.platforms["production", "web"], VersionAsked)
    for wrong in ("version", "http://x/version", 3):
        with pytest.raises(UsageError, match=r"environments\.production\.web\.version_url: does not begin with /"):
            _ = project(shop, environments={"production": {"web": web(version_url=wrong)}}).platforms


def test_an_unknown_platform_is_a_usage_error(shop: Workshop) -> None:
    with pytest.raises(UsageError, match="no platforms plug-in is called 'proces'"):
        _ = project(shop, environments={"production": {"web": web(platform="proces")}}).platforms


def test_metrics_are_scraped_unless_there_are_none(shop: Workshop) -> None:
    assert isinstance(project(shop).metrics, ScrapeSource)
    assert project(shop, metrics={"source": "none"}).metrics is None
    with pytest.raises(UsageError, match="no metrics plug-in"):
        _ = project(shop, metrics={"source": "crystal ball"}).metrics


def test_the_checks_come_in_their_order_with_their_settings(shop: Workshop) -> None:
    checks = project(shop, merge={"into": ["trunk"]}).checks
    assert tuple(checks) == CHECKS
    assert isinstance(checks["branch"], BranchCheck)


def test_a_check_that_does_not_exist_is_named_with_the_nearest(shop: Workshop) -> None:
    with pytest.raises(UsageError, match="did you mean tests"):
        _ = project(shop, checks={"test": {}}).checks


def test_a_channel_that_lacks_its_secret_is_no_error_and_says_how(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLACK_WEBHOOK_URL", raising=False)
    ready, lacking = project(shop).channels()
    assert ready == {}
    assert "SLACK_WEBHOOK_URL" in lacking["slack"]
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "https://hooks.example.org/services/T/B/x")
    ready, lacking = project(shop).channels()
    assert (list(ready), lacking) == (["slack"], {})


def test_a_channel_can_have_a_name_of_its_own(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_WEBHOOK", "https://hooks.example.org/services/T/B/x")
    made = project(shop, notify=["ops"], notifiers={"ops": {"type": "slack", "webhook_env": "OPS_WEBHOOK"}})
    assert list(made.channels()[0]) == ["ops"]


def test_a_channel_that_does_not_exist_is_an_error(shop: Workshop) -> None:
    with pytest.raises(UsageError, match="no notifiers plug-in is called 'slak'; did you mean slack"):
        project(shop, notify=["slak"]).channels()


def test_the_operator_is_who_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTFIX_OPERATOR", "ada")
    assert operator() == "ada"
    monkeypatch.delenv("HOTFIX_OPERATOR")
    monkeypatch.setenv("LOGNAME", "bob")
    assert operator() == "bob"


def test_a_runs_clock_only_goes_forward_when_the_machines_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = steady_clock()
    first = clock()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert first <= clock() < first + 60


@pytest.fixture
def service(shop: Workshop) -> Iterator[Project]:
    """v1.1.0 is a tiny real service; nothing runs in production yet. What a test starts is stopped afterwards."""
    shop.repository.commit({"service.py": SOURCE, "mode": "good"}, "A service")
    shop.repository.git("tag", "-a", "-m", "x", "v1.1.0")
    shop.repository.git("push", "--quiet", "origin", "main", "v1.1.0")
    made = project(shop, environments={"production": {"web": web()}}, notify=[])
    yield made
    platform = made.platforms["production", "web"]
    assert isinstance(platform, ProcessPlatform)
    go(platform.stop_all())


@pytest.mark.slow
def test_a_first_version_is_put_onto_real_processes_from_its_tag(shop: Workshop, service: Project) -> None:
    request = Request("rollback", "production", version="v1.1.0", operator="ada", force=True)
    ending = go(rollback(service, request, service.settings.policy(), []))
    assert ending.code == ExitCode.DONE
    found = go(service.discovery.fleets("production"))
    (instance,) = found[0].fleet.instances
    assert instance.ready
    assert (instance.revision.version, instance.revision.commit) == ("v1.1.0", shop.repository.head())
    assert instance.revision.artifact.startswith("sha256:")
    assert go(service.http.get(f"{instance.endpoint}/")).text == "v1.1.0"
    go(service.http.aclose())
    assert service.store.runs()[0].old == UNKNOWN.version
    assert service.locks.holder("production") is None
