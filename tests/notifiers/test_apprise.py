import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.notifier import Behaviour, Channel, NotifierContract, a_notice
from tests.fakes.web import body_of, dead_url, reply, serving

pytest.importorskip("apprise", reason="the extra `notify` is not installed")

from hotfix_deploy_runner.core.notice import Severity
from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import NotConfigured, NotTold, UsageError
from hotfix_deploy_runner.notifiers.apprise import AppriseChannel, hidden, make_notifier
from hotfix_deploy_runner.ports import Workplace

pytestmark = pytest.mark.slow
SECRET = "s3cr3t-path-of-the-hook"


class Target:
    """What Apprise's `json://` posts to: https://appriseit.com/services/json."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.hangs = False
        self.over = threading.Event()

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        payload = json.loads(body_of(request))
        if self.hangs:
            self.over.wait(15)
        elif self.statuses:
            reply(request, "no", self.statuses.pop(0))
        else:
            self.taken.append(payload)
            reply(request, "ok")


def channel_to(url: str, timeout: float = 8.0) -> AppriseChannel:
    return AppriseChannel(url, Commands(Redactor(), grace=0.2), Redactor(), Path.cwd(), timeout=timeout)


@contextmanager
def json_target(timeout: float = 8.0, more: str = "") -> Iterator[tuple[AppriseChannel, Target]]:
    target = Target()
    with serving(target) as url:
        yield channel_to(url.replace("http://", "json://") + f"/{SECRET}{more}", timeout), target
        target.over.set()


class TestAppriseKeepsTheContract(NotifierContract):
    @contextmanager
    def channel(self, behaviour: Behaviour) -> Iterator[Channel]:
        with json_target() as (notifier, target):
            target.hangs = behaviour == "hangs"
            if behaviour == "refuses once":
                target.statuses = [503]
            yield notifier, lambda: [payload["title"] for payload in target.taken]


def refusal(notifier: AppriseChannel) -> NotTold:
    with pytest.raises(NotTold) as caught:
        asyncio.run(notifier.tell(a_notice(), None))
    assert SECRET not in f"{caught.value.message}{caught.value.detail}{caught.value.next_step}"
    return caught.value


def test_a_notice_has_title_text_run_and_kind() -> None:
    notice = a_notice("Rolled back", "6 % of 500 failed\n<b>& $x\\n</b>", Severity.CRITICAL)
    with json_target() as (notifier, target):
        assert asyncio.run(notifier.tell(notice, None)) is None
        (payload,) = target.taken
    assert payload["title"] == "Rolled back"
    assert payload["message"] == "6 % of 500 failed\n<b>& $x\\n</b>\nrun r-1 · 2023-11-14T22:13:20Z"
    assert payload["type"] == "failure"


def test_a_refusal_has_the_reason_without_the_url() -> None:
    with json_target() as (notifier, target):
        target.statuses = [401]
        miss = refusal(notifier)
    assert "401" in miss.message and not miss.maybe


def test_nobody_there() -> None:
    miss = refusal(channel_to(dead_url().replace("http://", "json://") + f"/{SECRET}"))
    assert "Connection error" in miss.message
    assert "127.0.0.1" not in miss.message, "any part of a URL but its scheme may be the secret"
    assert not miss.maybe


def test_an_answer_that_does_not_come_in_apprises_own_time_may_have_arrived() -> None:
    with json_target(more="?rto=0.3") as (notifier, target):
        target.hangs = True
        assert refusal(notifier).maybe


def test_one_that_hangs_is_ended_after_the_time_limit_and_may_have_arrived() -> None:
    with json_target(timeout=2.0, more="?rto=60") as (notifier, target):
        target.hangs = True
        began = time.monotonic()
        miss = refusal(notifier)
        assert time.monotonic() - began < 6
    assert miss.message == "no answer in 2 s" and miss.maybe


@pytest.mark.parametrize("url", [f"nosuch://{SECRET}", f"json://:{SECRET}@", f"tgram://{SECRET}"])
def test_a_url_that_apprise_does_not_take(url: str) -> None:
    assert refusal(channel_to(url)).message.startswith("Apprise does not take this URL.")


def test_secrets_are_taken_out_of_what_is_sent() -> None:
    with json_target() as (notifier, target):
        redacted = AppriseChannel(notifier._url, Commands(Redactor()), Redactor(["hunter22"]), Path.cwd())
        asyncio.run(redacted.tell(a_notice("token hunter22", "and hunter22"), None))
        assert "hunter22" not in json.dumps(target.taken) and len(target.taken) == 1


def test_the_url_is_in_no_argument_that_others_can_see() -> None:
    def arguments() -> list[str]:
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                found.append(path.read_bytes().decode(errors="replace"))
            except OSError:
                continue
        return [line for line in found if "apprise_child" in line]

    async def look() -> list[str]:
        telling = asyncio.create_task(notifier.tell(a_notice(), None))
        while not (seen := arguments()):
            assert not telling.done()
            await asyncio.sleep(0.01)
        await telling
        return seen

    with json_target() as (notifier, _):
        seen = asyncio.run(look())
    assert not any(SECRET in line for line in seen)


def test_a_module_of_the_checkout_is_not_taken_for_apprise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "apprise.py").write_text("raise SystemExit('theirs')")
    monkeypatch.chdir(tmp_path)
    with json_target() as (notifier, target):
        asyncio.run(notifier.tell(a_notice(), None))
        assert len(target.taken) == 1


def test_a_child_that_breaks_off_may_have_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotfix_deploy_runner.notifiers.apprise.sys.executable", "/bin/true")
    miss = refusal(channel_to(f"json://{SECRET}"))
    assert miss.message == "Apprise broke off" and miss.maybe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sent to hooks.example", "sent to [redacted]"),
        ("TOKEN9 and p%40ss or p@ss", "[redacted] and [redacted] or [redacted]"),
        ("an answer: 401", "an answer: 401"),
    ],
)
def test_every_part_of_a_url_is_hidden(text: str, shown: str) -> None:
    assert hidden(text, "json://ann:p%40ss@hooks.example/token9/ab?x=1") == shown


Make = Callable[[dict[str, Any]], object]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda settings: make_notifier(settings, Workplace(tmp_path, tmp_path, Redactor()))


def test_the_url_comes_from_the_variable(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_NOTES", "mailto://ann:pw@mail.example")
    assert isinstance(make({"url_env": "TEAM_NOTES"}), AppriseChannel)
    monkeypatch.delenv("TEAM_NOTES")
    with pytest.raises(NotConfigured) as caught:
        make({"url_env": "TEAM_NOTES"})
    assert caught.value.next_step == "set TEAM_NOTES to a notification URL"


def test_without_the_package_it_says_how_to_get_it(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NotConfigured) as caught:
        make({"secret_url": f"json://{SECRET}"})
    assert caught.value.next_step == 'pip install "hotfix-deploy-runner[notify]"'


@pytest.mark.parametrize(
    "settings",
    [{}, {"url_env": f"json://{SECRET}"}, {"secret_url": SECRET}, {"secret_url": [SECRET]}, {"url_env": "NO_URL"}],
)
def test_what_is_wrong_is_told_without_the_secret(
    make: Make, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    monkeypatch.setenv("NO_URL", SECRET)
    with pytest.raises(UsageError) as caught:
        make(settings)
    assert not isinstance(caught.value, NotConfigured)
    assert SECRET not in str(caught.value) + caught.value.detail
