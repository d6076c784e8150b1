"""`notify --test`, with channels that answer, refuse and are not there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.fakes.slack import TOKEN, FakeSlack, workspace
from tests.fakes.web import reply, serving

from hotfix_deploy_runner.cli.main import main

SECRET = "s3cr3t0ofthehook"
SKIPPED = "  [SKIP] slack is not configured\n         set SLACK_WEBHOOK_URL to an incoming webhook's URL\n"


@pytest.fixture(autouse=True)
def there(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(checkout)
    monkeypatch.delenv("SLACK_WEBHOOK_URL", raising=False)
    monkeypatch.delenv("HOTFIX_NOTIFY", raising=False)
    return checkout


@pytest.fixture
def slack(there: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSlack]:
    """A workspace, and a channel `bot` in it."""
    pytest.importorskip("slack_sdk", reason="the extra `slack` is not installed")
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    with workspace() as (fake, url):
        (there / "hotfix.toml").write_text(
            f'[notifiers.bot]\ntype = "slack"\nchannel = "#incidents"\nfrom = "critical"\napi_url = "{url}"\n'
        )
        yield fake


def notify(*arguments: str) -> Result:
    done = CliRunner().invoke(main, ["notify", *arguments])
    assert SECRET not in done.output and TOKEN not in done.output
    return done


def test_a_channel_that_is_not_configured_is_skipped_with_how(there: Path) -> None:
    done = notify("--test")
    assert (done.exit_code, done.stdout) == (2, SKIPPED)


def test_a_channel_is_told_a_test_whatever_its_severity(slack: FakeSlack) -> None:
    done = notify("--test", "bot")
    assert (done.exit_code, done.stdout) == (0, "  [OK] bot has taken the test message\n")
    assert slack.titles == ["This is a test from hotfix-deploy-runner"]


def test_without_a_name_all_are_told_those_of_the_table_too(slack: FakeSlack) -> None:
    done = notify("--test")
    assert (done.exit_code, done.stdout) == (2, SKIPPED + "  [OK] bot has taken the test message\n")


def test_a_refusal_is_told_with_the_reason(slack: FakeSlack) -> None:
    slack.refuse("chat.postMessage", "not_in_channel")
    done = notify("--test", "bot")
    assert done.exit_code == 2
    assert done.stdout == "  [FAIL] bot was not told: Slack did not take the notice: not_in_channel\n"


def test_a_wrong_table_does_not_keep_the_others_from_being_tested(slack: FakeSlack, there: Path) -> None:
    with (there / "hotfix.toml").open("a") as file:
        file.write('[notifiers.team]\ntype = "apprise"\nulr_env = "X"\n')
    done = notify("--test")
    assert "[OK] bot has taken" in done.stdout
    assert "[FAIL] team was not told: notifiers.apprise.ulr_env: unknown key; did you mean url_env?" in done.stdout


def test_a_name_that_is_none() -> None:
    done = notify("--test", "slak")
    assert done.exit_code == 2
    assert "[FAIL] slak was not told: no notifiers plug-in is called 'slak'; did you mean slack?" in done.stdout


def test_what_is_neither_name_nor_url_is_not_shown() -> None:
    done = notify("--test", f"https:/{SECRET}")
    assert done.exit_code == 2 and "neither the name of a channel nor a notification URL" in done.stderr


def test_without_test_nothing_is_sent(slack: FakeSlack) -> None:
    done = notify("bot")
    assert done.exit_code == 2 and "--test" in done.stderr
    assert slack.calls == []


@pytest.mark.slow
@pytest.mark.parametrize(("status", "code"), [(200, 0), (403, 2)])
def test_a_url_is_named_by_its_scheme(status: int, code: int) -> None:
    pytest.importorskip("apprise", reason="the extra `notify` is not installed")
    with serving(lambda request: reply(request, SECRET, status)) as url:
        done = notify("--test", f"{url.replace('http://', 'json://')}/{SECRET}")
    assert done.exit_code == code, done.output
    assert done.stdout.startswith("  [OK] json has taken" if code == 0 else "  [FAIL] json was not told: ")
