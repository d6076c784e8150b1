import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.events import Story, good_deploy
from tests.fakes.notifier import a_notice
from tests.fakes.slack import text_of

from hotfix_deploy_runner.core.notice import Notice, Severity, Standing
from hotfix_deploy_runner.core.notices import notices
from hotfix_deploy_runner.core.run import Run, apply, begin
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.notifiers.slack_message import asked_to_wait, message, mrkdwn, standing_message


def test_the_message_has_title_text_run_and_colour() -> None:
    payload = message(a_notice("Rolled back", "6 % of 500 failed", Severity.CRITICAL), Redactor())
    (bar,) = payload["attachments"]
    assert payload["text"] == bar["fallback"] == "Rolled back"
    assert [text_of(block) for block in bar["blocks"]] == ["6 % of 500 failed", "run r-1 · 2023-11-14T22:13:20Z"]
    assert bar["color"] == "#e01e5a"


def test_every_severity_has_a_colour_of_its_own() -> None:
    colours = {message(a_notice(severity=s), Redactor())["attachments"][0]["color"] for s in Severity}
    assert len(colours) == len(Severity)


def test_markup_in_a_commits_message_calls_nobody() -> None:
    payload = message(a_notice("fix <!channel> & <@U1>", "a < b\n<https://x|y>"), Redactor())
    assert payload["text"] == "fix &lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert "<" not in json.dumps(payload)


def test_secrets_are_taken_out_of_title_and_text() -> None:
    payload = message(a_notice("token hunter22", "and hunter22 again"), Redactor(["hunter22"]))
    assert "hunter22" not in json.dumps(payload)


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@given(st.text(alphabet="a&<>;lt ", max_size=80), st.integers(min_value=10, max_value=100))
def test_escaping_loses_nothing_but_what_is_cut(text: str, limit: int) -> None:
    shown = mrkdwn(text, limit)
    assert len(shown) <= limit
    assert not set("<>") & set(shown)
    if shown.endswith("… (cut)"):
        assert len(mrkdwn(text, 1_000)) > limit
        assert text.startswith(unescaped(shown.removesuffix(" … (cut)")))
    else:
        assert unescaped(shown) == text


def test_only_whole_seconds_are_a_wait() -> None:
    assert asked_to_wait({"Retry-After": "30"}) == asked_to_wait({"retry-after": "30"}) == 30
    assert asked_to_wait({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}) == asked_to_wait({}) == 0


def standings(story: Story) -> list[Standing]:
    run: Run | None = None
    found: list[Notice] = []
    for event in story.events:
        before, run = run, begin(event) if run is None else apply(run, event)  # type: ignore[arg-type]
        found += notices(before, event, run)
    return [notice.standing for notice in found if notice.standing is not None]


def test_the_phases_of_a_good_deploy_and_how_it_ended() -> None:
    found = standings(good_deploy())
    assert {(s.headline, s.versions) for s in found} == {
        ("Hotfix v2.14.4 (hotfix/auth-bypass) for production", "v2.14.3 → v2.14.4")
    }
    assert list(dict.fromkeys(s.phase for s in found)) == [
        "Pre-flight checks",
        "Staging deployment",
        "Production deployment",
        "Post-deploy validation",
        "Afterwards",
    ]
    assert [bool(s.result) for s in found] == [False] * (len(found) - 1) + [True]


def test_the_message_that_is_kept_up_to_date_shows_phase_then_result() -> None:
    standing = Standing("Hotfix v2 for production", "v1 → v2", "Rollback")
    notice = msgspec.structs.replace(a_notice("t", severity=Severity.CRITICAL), standing=standing)
    payload = standing_message(notice, Redactor())
    assert payload["text"] == "Hotfix v2 for production"
    assert payload["attachments"][0]["color"] == "#e01e5a"
    assert text_of(payload["attachments"][0]["blocks"][0]) == "Versions: v1 → v2\nPhase: Rollback"
    ended = msgspec.structs.replace(notice, standing=msgspec.structs.replace(standing, result="Rolled back."))
    payload = standing_message(ended, Redactor())
    assert text_of(payload["attachments"][0]["blocks"][0]) == "Versions: v1 → v2\nResult: Rolled back."


def test_a_notice_about_no_run_is_its_title() -> None:
    assert standing_message(a_notice("only this", "not that"), Redactor())["text"] == "only this"
    assert "not that" not in json.dumps(standing_message(a_notice("only this", "not that"), Redactor()))
