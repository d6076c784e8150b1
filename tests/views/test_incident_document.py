"""The document as a person reads it: rendered by a real parser, not only as text."""

import re

import msgspec
import pytest
from markdown_it import MarkdownIt
from tests.fakes.events import Story, errors_rolled_back, facts, failing_test, good_deploy, request, rollback_run

from hotfix_deploy_runner.core.incident import Incident, incident
from hotfix_deploy_runner.core.notes import Notes
from hotfix_deploy_runner.views.incident_document import document as blocks
from hotfix_deploy_runner.views.render_markdown import BLANK, to_markdown

STORIES = [good_deploy, errors_rolled_back, failing_test, rollback_run]
SECTIONS = [
    "The incident",
    "Impact",
    "Root cause",
    "The verdict",
    "Measurements",
    "Timeline",
    "What changed",
    "Checks",
    "Skipped or overridden",
    "Who was told",
    "Lessons",
]


def markdown(known: Incident) -> str:
    return to_markdown(blocks(known))


def document(story: Story) -> str:
    return markdown(incident(story.events))


def html(text: str) -> str:
    return str(MarkdownIt("commonmark").enable("table").render(text))


def section(text: str, title: str) -> str:
    return text.split(f"## {title}\n\n")[1].split("\n\n## ")[0]


@pytest.mark.parametrize("make", STORIES)
def test_it_has_all_its_sections_and_renders_whole(make) -> None:  # type: ignore[no-untyped-def]
    page = html(document(make()))
    assert re.findall(r"<h2>(.*)</h2>", page) == SECTIONS
    paragraphs = re.findall(r"<p>.*?</p>", page, re.DOTALL)
    assert not any("| " in paragraph for paragraph in paragraphs), "a table that is not one"
    for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL):
        assert "undefined" not in row and "None" not in row


def test_the_first_lines_say_how_it_ended() -> None:
    lines = document(errors_rolled_back()).splitlines()
    assert lines[0] == "# Hotfix v2.14.4 for production (hotfix/auth-bypass)"
    assert lines[2].startswith("**Hotfix v2.14.4 was rolled back: 28 errors in 160 requests;")
    assert lines[2].endswith("Production runs v2.14.3 again, verified everywhere.**")


def test_what_a_person_has_to_write_is_marked_until_it_is_given() -> None:
    known = incident(errors_rolled_back().events)
    assert markdown(known).count(BLANK) == 4
    assert f'`hotfix-deploy-runner report {known.run} --root-cause "…"`' in section(markdown(known), "Root cause")
    notes = Notes("Expired tokens passed", root_cause="The cache | was cold", impact="None", lessons="Warm it")
    text = markdown(msgspec.structs.replace(known, notes=notes))
    assert BLANK not in text
    assert section(text, "The incident") == "Expired tokens passed"
    assert section(text, "Root cause") == "The cache \\| was cold"


def test_a_person_s_paragraphs_and_lists_stay_and_headings_do_not() -> None:
    known = incident(errors_rolled_back().events)
    wrote = "First.\n\n- warm the *cache*\n- <b>page</b> sooner\n\n# Not a heading\nNor this\n---\n    nor code"
    page = html(markdown(msgspec.structs.replace(known, notes=Notes(lessons=wrote)))).split("<h2>Lessons</h2>")[1]
    assert "<li>warm the *cache*</li>" in page and "<li>&lt;b&gt;page&lt;/b&gt; sooner</li>" in page
    assert not re.search(r"<h\d|<hr|<pre|<em", page)
    assert "<p># Not a heading\nNor this\n---\nnor code</p>" in page


def test_times_and_figures_are_there() -> None:
    text = document(errors_rolled_back())
    assert "| Time to detect | **4.0 s** | from the first sign of trouble with v2.14.4 until the run turned |" in text
    assert re.search(r"\| Time to recover \| \*\*\d\.\d s\*\* \| from the turn until v2\.14\.3 was verified", text)
    assert "| Time to deploy | **none** | v2.14.4 did not get everywhere |" in text
    assert "|  | v2.14.4 | baseline (v2.14.3) | limit |" in text
    assert "| Error rate | 17.50% | 0.03% | 5.00% |" in text
    assert "| p99 latency | 220ms | 195ms | 390ms |" in text
    assert section(text, "The verdict").startswith("**Breached**: 28 errors in 160 requests")


def test_why_a_time_is_missing_is_said() -> None:
    good, stopped, rollback = document(good_deploy()), document(failing_test()), document(rollback_run())
    assert "| Time to recover | **none** | nothing was rolled back |" in good
    assert "| Time to detect | **none** | the run did not turn by itself |" in stopped
    assert "| Time to deploy | **none** | v2.14.4 did not get everywhere |" in stopped
    assert "| Time to deploy | **none** | a rollback: see the time to recover |" in rollback
    assert "from the start of the run until v2.14.3 was verified everywhere" in rollback


def test_a_way_back_that_did_not_get_there_is_not_told_as_none_needed() -> None:
    story = errors_rolled_back()
    story.events = [e for e in story.events if getattr(e, "step", "") != "restore:production/web"]
    assert "| Time to recover | **none** | v2.14.3 has not been verified everywhere |" in document(story)


def test_remarks_are_told() -> None:
    assert "| Remark | production is one ahead |" in document(good_deploy(remarks=("production is one ahead",)))


def test_the_timeline_is_in_utc() -> None:
    timeline = section(document(errors_rolled_back()), "Timeline").splitlines()
    assert timeline[0].startswith("| UTC, 2026-11-23 |")
    assert timeline[2].startswith("| 03:00:00 | OK | ada started the hotfix")
    assert any("| FAIL | Verdict: breached<br>28 errors" in line for line in timeline)


def test_a_run_over_midnight_tells_the_day_with_every_time() -> None:
    story = Story(request(), facts())
    story.tick(86_400.0)
    story.does("check:tests")
    timeline = section(document(story), "Timeline").splitlines()
    assert timeline[0].startswith("| Time (UTC) |")
    assert timeline[2].startswith("| 11-23 03:00:00 |")


def test_a_commit_s_subject_cannot_break_the_table() -> None:
    page = html(section(document(good_deploy()), "What changed"))
    assert "<td>Refuse expired tokens | and unsigned ones</td>" in page
    assert "2 files changed" in page


def test_both_measurements_are_drawn_by_version() -> None:
    drawn = section(document(errors_rolled_back()), "Measurements")
    assert "Error rate (limit 5.00%, baseline 0.03%), bars from 0 to 25.00%" in drawn
    assert "p99 latency (limit 390ms, baseline 195ms), bars from 0 to 220ms" in drawn
    lines = [line for line in drawn.splitlines() if line.startswith("v2.14.4")]
    assert len(lines) == 2
    assert lines[0].endswith("█") and "▁" in lines[0]
    assert "![Error rate over time, by version (baseline 0.03%, limit 5.00%)](error-rate.svg)" in drawn
    assert "![p99 latency over time, by version (baseline 195ms, limit 390ms)](p99.svg)" in drawn
    assert "1/3: the new version goes into 1 of 3 instances" in drawn
    assert "| v2.14.4 | 160 | 28 | 17.50% | 0.00% to 25.00% | 220ms to 220ms |" in drawn


def test_ten_minutes_of_readings_still_fit() -> None:
    story = Story(request(), facts())
    for _ in range(300):
        story.reads(on_new=2)
    drawn = section(document(story), "Measurements")
    bars = [line for line in drawn.splitlines() if line.startswith("v2.14") and "|" not in line]
    assert bars and all(len(line.split()[1]) == 60 for line in bars)


def test_nothing_measured_and_nobody_told_is_said() -> None:
    text = document(failing_test())
    assert section(text, "Measurements") == "Nothing was measured."
    assert section(text, "Who was told") == "Nobody, as far as is known."
    assert section(text, "The verdict") == "There was no verdict: it did not come to one."
    assert "| smoke tests | SKIP | no answer |" in text


def test_who_was_not_told_is_not_hidden() -> None:
    told = section(document(errors_rolled_back()), "Who was told")
    assert "| slack | rolling-back | delivered |" in told
    assert "| slack | rolled-back | not delivered: no answer in 5 s |" in told


def test_overrides_name_who_did_it() -> None:
    text = document(Story(request(reasons={"tests": "known flake"}), facts()))
    assert "| tests | known flake | ada on ops-1 |" in section(text, "Skipped or overridden")


def test_written_before_the_end_it_says_so() -> None:
    story = errors_rolled_back()
    story.events.pop()
    text = document(story)
    assert "| Ended | not when this was written |" in text
    assert "| Exit code | 4 rolled back |" in text
    assert "hotfix-deploy-runner show" in section(text, "Who was told")
    assert "when this was written |" not in document(errors_rolled_back())


def test_a_run_that_can_still_go_either_way_is_not_told_as_a_success() -> None:
    text = document(Story(request(), facts()))
    assert "**The run has not ended.**" in text
    assert "successfully" not in text


def test_the_way_back_from_a_good_deploy_is_at_the_top() -> None:
    assert document(good_deploy()).splitlines()[4] == "Rollback command: `rollback-deploy-auto --version v2.14.3`"
