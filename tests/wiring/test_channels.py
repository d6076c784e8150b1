"""The channels, from the settings to what people get; and that no secret of theirs gets out."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.office import Office
from tests.fakes.slack import CHANNEL_ID, TOKEN, workspace
from tests.fakes.web import body_of, reply, serving

from hotfix_deploy_runner.config.model import Settings
from hotfix_deploy_runner.core.ending import ExitCode
from hotfix_deploy_runner.core.events import NoticeFailed, NoticeTold
from hotfix_deploy_runner.core.notice import Severity
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import UsageError
from hotfix_deploy_runner.herald import Memory
from hotfix_deploy_runner.wiring.channels import secrets, severities, wanted

SECRET = "s3cr3t0ofthehookthatnobodymaysee"


def named(*names: str, **notifiers: dict[str, Any]) -> list[str]:
    return [one.name for one in wanted(names, notifiers)]


def test_a_url_is_a_channel_of_its_own_named_by_its_scheme() -> None:
    (one,) = wanted([f"MAILTO://ann:{SECRET}@mail.example"], {})
    assert (one.name, one.type) == ("mailto", "apprise")
    assert one.severity is Severity.INFO


def test_names_are_told_apart() -> None:
    urls = ("json://a", "json://b", "slack://a/b/c")
    assert named("slack", *urls) == ["slack", "json", "json-2", "slack-2"]
    assert named(*urls, "slack", json={}) == ["json-2", "json-3", "slack-2", "slack"]


def test_asked_for_twice_is_told_once() -> None:
    assert named("slack", "slack", "json://a", "json://a") == ["slack", "json"]


def test_type_and_severity_are_not_the_plug_ins_business() -> None:
    (one,) = wanted(["ops"], {"ops": {"type": "slack", "from": "warning", "channel": "#ops"}})
    assert (one.type, one.severity, one.table) == ("slack", Severity.WARNING, {"channel": "#ops"})
    assert severities(Settings(notify=["ops"], notifiers={"ops": {"from": "critical"}})) == {"ops": Severity.CRITICAL}


@pytest.mark.parametrize("value", ["loud", 3, ["info"]])
def test_a_wrong_severity_is_named_with_those_there_are(value: object) -> None:
    with pytest.raises(UsageError, match=r"notifiers\.ops\.from: .* is none of info, good, warning, critical"):
        wanted(["ops"], {"ops": {"from": value}})


@pytest.mark.parametrize("name", [f"https:/hooks/{SECRET}", f"//{SECRET}", f"x {SECRET}", ""])
def test_what_is_neither_a_name_nor_a_url_is_not_shown(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        wanted([name], {})
    assert SECRET not in str(caught.value)


def test_what_the_settings_say_is_secret_is_redacted_whatever_its_variable_is_called() -> None:
    settings = Settings(
        notify=["slack", f"json://hook.example/{SECRET}/production", "mailto://ann:hunter22@mail.example", "x://[a:b"],
        notifiers={"bot": {"type": "slack", "token_env": "TEAM_BOT"}, "gone": {"url_env": "NOT_SET"}},
    )
    redact = Redactor(secrets(settings, {"TEAM_BOT": TOKEN}))
    for text in (SECRET, "hunter22", TOKEN, f"json://hook.example/{SECRET}/production"):
        assert redact(f"a {text} b") == "a [redacted] b"
    for text in ("production", "hook.example", "slack", "mail.example"):
        assert redact(text) == text, "a word that others use too"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def written(office: Office) -> str:
    """Everything that a run leaves in files: journal, documents, logs."""
    files = [path for path in office.found.home.rglob("*") if path.is_file() and "trees" not in path.parts]
    assert any(path.name == "incident.md" for path in files)
    return "".join(path.read_bytes().decode(errors="replace") for path in files)


@pytest.mark.slow
def test_a_run_tells_slack_in_one_thread_that_is_journaled(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("slack_sdk", reason="the extra `slack` is not installed")
    monkeypatch.setenv("TEAM_BOT", TOKEN)
    with workspace() as (slack, url):
        table = {"type": "slack", "channel": "#incidents", "token_env": "TEAM_BOT", "api_url": url}
        ending = office.deploy(office.open(notify=["slack"], notifiers={"slack": table}))
    events = [event for _, event in office.past.store.events(office.runs()[0])]
    told = [event.notice for event in events if isinstance(event, NoticeTold)]
    thread = {"channel": CHANNEL_ID, "ts": next(iter(slack.heads))}
    assert len(slack.heads) == 1 and len(slack.titles) == len(told) > 4
    assert slack.head.endswith(f"Result: {ending.summary}\n{ending.production}".rstrip())
    assert Memory.of(events).threads == {"slack": thread}
    assert TOKEN not in written(office)


@pytest.mark.slow
def test_a_channel_that_fails_changes_no_exit_code_and_its_secret_gets_out_nowhere(
    office: Office, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("apprise", reason="the extra `notify` is not installed")
    with serving(lambda request: reply(request, f"no {SECRET}", 403)) as url:
        target = f"{url.replace('http://', 'json://')}/{SECRET}"
        monkeypatch.setenv("TEAM_NOTES", target)
        table = {"type": "apprise", "url_env": "TEAM_NOTES", "from": "good"}
        with_both = office.open(notify=[f"{target}?x=1", "team"], notifiers={"team": table})
        assert office.deploy(with_both).code in (ExitCode.DONE, ExitCode.UNPROVEN)
    events = [event for _, event in office.past.store.events(office.runs()[0])]
    failed = [event for event in events if isinstance(event, NoticeFailed)]
    assert {event.channel for event in failed} == {"json", "team"}
    assert all("403" in event.why or "the run ended first" in event.why or "no answer" in event.why for event in failed)
    shown = capfd.readouterr()
    assert SECRET not in written(office) + shown.out + shown.err


@pytest.mark.slow
def test_a_channel_gets_what_matters_to_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("apprise", reason="the extra `notify` is not installed")
    taken: list[dict[str, Any]] = []

    def take(request: BaseHTTPRequestHandler) -> None:
        taken.append(json.loads(body_of(request)))
        reply(request, "ok")

    with serving(take) as url:
        monkeypatch.setenv("PAGER", url.replace("http://", "json://"))
        office.traffic.error_rates["v1.0.1"] = 0.6
        table = {"type": "apprise", "url_env": "PAGER", "from": "critical"}
        assert office.deploy(office.open(notify=["pager"], notifiers={"pager": table})).code == ExitCode.ROLLED_BACK
    assert [payload["type"] for payload in taken] == ["failure"]
    assert taken[0]["title"] == "Rolling production back to v1.0.0"
