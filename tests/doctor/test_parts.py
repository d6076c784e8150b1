import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.metrics import an_instance
from tests.fakes.web import dead_url, reply, serving

from hotfix_deploy_runner.checks import security
from hotfix_deploy_runner.checks import tests as tests_check
from hotfix_deploy_runner.config.model import Settings
from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.core.fleet import Fleet
from hotfix_deploy_runner.doctor.parts import channels, checks, commands, metrics
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.metrics.scrape import make_source
from hotfix_deploy_runner.ports import Workplace

PAGE = """\
# TYPE http_requests_total counter
http_requests_total{status="200"} 5
"""
LATENCY = """\
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.1"} 5
http_request_duration_seconds_bucket{le="+Inf"} 5
http_request_duration_seconds_sum 1
http_request_duration_seconds_count 5
"""


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path, tmp_path / "store", Redactor())


def measured(workplace: Workplace, *urls: str, **settings: Any) -> list[Line]:
    fleet = Fleet(tuple(an_instance(f"web-{number}", url) for number, url in enumerate(urls, 1)))
    return asyncio.run(metrics(make_source(settings, workplace), fleet, "production"))


def test_metrics_that_are_there(workplace: Workplace) -> None:
    with serving(lambda request: reply(request, PAGE + LATENCY)) as url:
        assert measured(workplace, url, url) == [Line(Status.OK, "Metrics: 2 of 2 instances are read")]


def test_a_page_without_the_named_family(workplace: Workplace) -> None:
    with serving(lambda request: reply(request, PAGE)) as url:
        [line] = measured(workplace, url, requests="orders_total")
    assert line.status is Status.FAIL
    assert "no orders_total on the page" in line.detail[0]


def test_a_page_without_latency(workplace: Workplace) -> None:
    with serving(lambda request: reply(request, PAGE)) as url:
        lines = measured(workplace, url)
    assert [line.status for line in lines] == [Status.OK, Status.WARN]
    assert "metrics.duration" in lines[1].detail[0]


def test_a_further_metric_that_is_not_there(workplace: Workplace) -> None:
    with serving(lambda request: reply(request, PAGE + LATENCY)) as url:
        lines = measured(workplace, url, more={"logins": {"total": "logins_total", "limit": "20%"}})
    assert lines[1] == Line(Status.WARN, "Metrics: logins is not read", ("web-1: no logins_total on the page",))


def test_one_instance_that_is_silent(workplace: Workplace) -> None:
    with serving(lambda request: reply(request, PAGE + LATENCY)) as url:
        [line] = measured(workplace, url, dead_url())
    assert (line.status, line.text) == (Status.WARN, "Metrics: 1 of 2 instances give no reading")


def test_nothing_to_ask_and_nothing_to_ask_with(workplace: Workplace) -> None:
    assert [line.status for line in measured(workplace)] == [Status.SKIP]
    assert [line.status for line in asyncio.run(metrics(None, Fleet(), "production"))] == [Status.WARN]


def test_the_programs_of_the_commands() -> None:
    settings = Settings.model_validate(
        {"setup": {"command": "A=1 exec no-such-program x"}, "build": {"command": "cd x"}}
    )
    setup, build, smoke = commands(settings)
    assert (setup.status, setup.text) == (Status.FAIL, "Setup: no-such-program is not on the PATH")
    assert build.status is Status.OK
    assert (smoke.status, smoke.text) == (Status.WARN, "Smoke tests: none are configured")


def test_a_program_further_on_and_one_of_the_start_are_missed() -> None:
    places = {"web": {"start": "ln -s a b && exec no-such-node x"}, "api": {"start": "exec sh run"}}
    settings = Settings.model_validate(
        {"setup": {"command": "mkdir -p x && no-such-manager install"}, "environments": {"staging": places}}
    )
    setup, _, _, start = commands(settings)
    assert (setup.status, setup.text) == (Status.FAIL, "Setup: no-such-manager is not on the PATH")
    assert (start.status, start.text) == (Status.FAIL, "Start: no-such-node is not on the PATH")
    assert start.detail == ("install it, or change environments.staging.web.start",)


def examined(check: Any) -> list[Line]:
    return asyncio.run(checks({"one": check, "silent": object()}))  # type: ignore[dict-item]


def test_a_test_command_that_is_there_detected_missing_or_not_installed(workplace: Workplace) -> None:
    def told(**table: str) -> Line:
        [line] = examined(tests_check.make_check(table, workplace))
        return line

    assert told(command="sh -c true") == Line(Status.OK, "Tests: sh -c true")
    assert told(command="no-such-program").status is Status.FAIL
    assert told().text == "Tests: no command is configured, and none was detected"
    (workplace.repository / "pytest.ini").write_text("[pytest]\n")
    assert told().status is Status.OK


def test_scanners_that_are_installed_or_not(workplace: Workplace) -> None:
    scanners = {"there": {"command": "sh scan"}, "gone": {"command": "no-such-scanner --sarif $HOTFIX_SARIF"}}
    there, gone = examined(security.make_check({"scanners": scanners}, workplace))
    assert there == Line(Status.OK, "Scanner there is installed")
    assert (gone.status, gone.text) == (Status.WARN, "Scanner gone is not installed")
    assert "install no-such-scanner" in gone.detail[0]


def test_channels() -> None:
    ready, skipped = channels({"pager": object()}, {"slack": "set X"})  # type: ignore[dict-item]
    assert ready.status is Status.OK
    assert skipped == Line(Status.SKIP, "slack is not told", ("set X",))
    assert [line.status for line in channels({}, {})] == [Status.WARN]
